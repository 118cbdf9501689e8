// Standard input, output or error that is closed at the start would be the number of the next file or socket: what is meant to be read would
// be written into it, and /dev/urandom be read as a warren.yaml. So each is open from before the runtime, and, the wrong way round,
// as good as closed: reading or writing it fails with EBADF.

#include <errno.h>
#include <fcntl.h>

__attribute__((constructor)) static void take_closed_descriptors(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++)
    {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF && open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0)
            return;
    }
}
