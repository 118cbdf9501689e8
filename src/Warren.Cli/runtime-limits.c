// The runtime looks for a memory and a processor limit of its control group before Main. For that it reads /proc/self/mountinfo, twice:
// a line or two for every network namespace that has a name. With 1,000 of them that took longer than making one more.
// These take the place of the runtime's own (cgroup.cpp and cgroupcpu.cpp in libRuntime.WorkstationGC.a), for the linker takes nothing
// out of an archive that it has already. They know of no limit; the heap is a few MiB. The names are the C++ ones.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void _Z16InitializeCGroupv(void) {}

void _Z13CleanupCGroupv(void) {}

size_t _Z32GetRestrictedPhysicalMemoryLimitv(void) { return 0; }

bool _Z21GetPhysicalMemoryUsedPm(size_t *bytes) { (void)bytes; return false; }

void _Z19InitializeCpuCGroupv(void) {}

bool _Z11GetCpuLimitPj(uint32_t *processors) { (void)processors; return false; }
