// What the runtime asks the system, and makes, before Main. It prepares for servers that run for weeks; this program ends after two milliseconds, a
// third of which that was. So the linker puts these functions in the place of the runtime's own, in one of two ways:
//
// - under the same name, all of an object file of libRuntime.WorkstationGC.a: nothing is taken out of an archive that is there already;
// - by --wrap (Start.props): who calls NAME from another object file calls __wrap_NAME, and __real_NAME is the runtime's own.
//   A name that a later runtime does not call any more is wrapped in vain, and the program is as slow as it was before.
//
// The names are the C++ ones. bench/README.md says what each saves.

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

// ---- limits of the control group -------------------------------------------------------------------------------------------
// To find them, /proc/self/mountinfo is read twice: a line or two for every network namespace that has a name. With 1,000 of them that took
// longer than making one more. These know of no limit; the heap is a few MiB. All of cgroup.cpp and cgroupcpu.cpp.

void _Z16InitializeCGroupv(void) {}

void _Z13CleanupCGroupv(void) {}

size_t _Z32GetRestrictedPhysicalMemoryLimitv(void) { return 0; }

bool _Z21GetPhysicalMemoryUsedPm(size_t *bytes) { (void)bytes; return false; }

void _Z19InitializeCpuCGroupv(void) {}

bool _Z11GetCpuLimitPj(uint32_t *processors) { (void)processors; return false; }

// ---- the machine --------------------------------------------------------------------------------------------------------------

// Processors: three files of /sys. The last of those that this process may use tells as much.
long __real_sysconf(int name);

long __wrap_sysconf(int name)
{
    cpu_set_t usable;
    if ((name != _SC_NPROCESSORS_ONLN && name != _SC_NPROCESSORS_CONF) || sched_getaffinity(0, sizeof usable, &usable) != 0)
        return __real_sysconf(name);
    for (int last = CPU_SETSIZE - 1; last > 0; last--)
    {
        if (CPU_ISSET(last, &usable))
            return last + 1;
    }
    return 1;
}

// How many there may ever be, for the size of a set of them: the same file twice more.
int __real_minipal_get_cpu_max_possible_count(void);

int __wrap_minipal_get_cpu_max_possible_count(void)
{
    cpu_set_t usable;
    return sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_SETSIZE : __real_minipal_get_cpu_max_possible_count();
}

// What the processor can do: asked with cpuid, of which a virtual machine's takes 2 µs each, twenty times. The C library has asked already; code
// that would choose by more than the program was compiled for takes the other way.
#ifdef __x86_64__
#include <sys/platform/x86.h>

extern const int32_t g_requiredCpuFeatures;
int __real_minipal_getcpufeatures(void);

int __wrap_minipal_getcpufeatures(void)
{
    bool version2 = CPU_FEATURE_ACTIVE(SSE3) && CPU_FEATURE_ACTIVE(SSSE3) && CPU_FEATURE_ACTIVE(SSE4_1) && CPU_FEATURE_ACTIVE(SSE4_2)
                    && CPU_FEATURE_ACTIVE(POPCNT);
    return version2 ? g_requiredCpuFeatures : __real_minipal_getcpufeatures();
}
#endif

// Where the program lies: a symbolic link of /proc, for libraries that would be loaded from beside it.
const char *__wrap__dl_get_origin(void) { return (const char *)-1; }

// Nodes of memory: a folder of /sys. The heap of one thread has no use for them.
void __wrap__Z21NUMASupportInitializev(void) {}

// Caches: eight files of /sys, for the budget of the youngest generation, of which System.GC.Gen0MaxBudget makes less.
size_t __wrap__ZN15GCToOSInterface25GetCacheSizePerLogicalCpuEb(bool whole) { (void)whole; return 4 << 20; }

// The memory of the machine, twice which the heap's range is, 4 MiB each of which has an entry in a table that is cleared: 12 pages of it for 24 GiB. A
// heap of 4 GiB is a hundred times what the largest project takes. A limit of the address space (ulimit -v) still makes it less.
uint64_t __real__ZN15GCToOSInterface22GetPhysicalMemoryLimitEPb(bool *restricted);

uint64_t __wrap__ZN15GCToOSInterface22GetPhysicalMemoryLimitEPb(bool *restricted)
{
    uint64_t bytes = __real__ZN15GCToOSInterface22GetPhysicalMemoryLimitEPb(restricted), most = 2ull << 30;
    return bytes < most ? bytes : most;
}

// Memory that is in use: /proc/meminfo. No garbage is there yet when it is asked first.
void __real__ZN15GCToOSInterface15GetMemoryStatusEmPjPmS1_(uint64_t limit, uint32_t *percent, uint64_t *free, uint64_t *swap);

void __wrap__ZN15GCToOSInterface15GetMemoryStatusEmPjPmS1_(uint64_t limit, uint32_t *percent, uint64_t *free, uint64_t *swap)
{
    static bool asked;
    if (asked)
    {
        __real__ZN15GCToOSInterface15GetMemoryStatusEmPjPmS1_(limit, percent, free, swap);
        return;
    }
    asked = true;
    if (percent)
        *percent = 0;
    if (free)
        *free = 1 << 30;
    if (swap)
        *swap = 0;
}

// Where the first thread's stack is: /proc/self/maps. It ends where the C library found it, and is as long as the limit says.
extern void *__libc_stack_end;
int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);

int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    struct rlimit stack;
    if (gettid() != getpid() || !pthread_equal(thread, pthread_self()) || getrlimit(RLIMIT_STACK, &stack) != 0
        || stack.rlim_cur == RLIM_INFINITY || stack.rlim_cur < (1 << 19) || stack.rlim_cur > (1ul << 40))
        return __real_pthread_getattr_np(thread, attributes);
    // above it stand the words of the command line and of the environment: a quarter of the limit, or 6 MiB, at most
    char **word = environ, *last = (char *)__libc_stack_end;
    for (; word && *word; word++)
        last = *word > last ? *word : last;
    uintptr_t page = getpagesize(), end = ((uintptr_t)__libc_stack_end + page) & ~(page - 1);
    uintptr_t above = ((uintptr_t)last + strlen(last == (char *)__libc_stack_end ? "" : last) + 2 * page) & ~(page - 1);
    uintptr_t size = (stack.rlim_cur & ~(page - 1)) - (above - end);
    int error = pthread_attr_init(attributes);
    return error ? error : pthread_attr_setstack(attributes, (void *)(end - size), size);
}

// ---- the heap ---------------------------------------------------------------------------------------------------------------------
// Reserved without access, and opened piece by piece with two system calls each, two dozen times before Main. Memory that nobody touched costs
// nothing, so it is open from the start. Where the kernel counts it all the same (vm.overcommit_memory=2), it goes the runtime's way: it is asked for
// more at first than could be counted, and what is over is given back.

static bool open_at_once = true;

void *__real__ZN15GCToOSInterface14VirtualReserveEmmjt(size_t size, size_t alignment, uint32_t flags, uint16_t node);
bool __real__ZN15GCToOSInterface13VirtualCommitEPvmt(void *start, size_t size, uint16_t node);
bool __real__ZN15GCToOSInterface15VirtualDecommitEPvm(void *start, size_t size);

void *__wrap__ZN15GCToOSInterface14VirtualReserveEmmjt(size_t size, size_t alignment, uint32_t flags, uint16_t node)
{
    size_t page = getpagesize();
    if (alignment < page)
        alignment = page;
    size = (size + page - 1) & ~(page - 1);
    if (open_at_once)
    {
        const size_t uncountable = size >= 1ul << 30 ? 1ul << 40 : 0;
        size_t whole = size + alignment - page + uncountable;
        uint8_t *start = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start != MAP_FAILED)
        {
            uint8_t *aligned = (uint8_t *)(((uintptr_t)start + alignment - 1) & ~(alignment - 1));
            if (aligned > start)
                munmap(start, aligned - start);
            if (start + whole > aligned + size)
                munmap(aligned + size, start + whole - (aligned + size));
            // a page of 2 MiB for each part of the heap would be ten times what is needed
            madvise(aligned, size, MADV_NOHUGEPAGE);
            // nor does anybody write down 4 GiB of nothing
            madvise(aligned, size, MADV_DONTDUMP);
            return aligned;
        }
        open_at_once = false;
    }
    return __real__ZN15GCToOSInterface14VirtualReserveEmmjt(size, alignment, flags, node);
}

bool __wrap__ZN15GCToOSInterface13VirtualCommitEPvmt(void *start, size_t size, uint16_t node)
{
    return open_at_once || __real__ZN15GCToOSInterface13VirtualCommitEPvmt(start, size, node);
}

bool __wrap__ZN15GCToOSInterface15VirtualDecommitEPvm(void *start, size_t size)
{
    return open_at_once ? madvise(start, size, MADV_DONTNEED) == 0 : __real__ZN15GCToOSInterface15VirtualDecommitEPvm(start, size);
}

// ---- the objects that hold static fields ----------------------------------------------------------------------------------------------
// One for each type that has any, 1,900 before Main, each through the slow way that pinned objects take: a fourteenth of `add`. Here one object as large
// as all of them is asked for, and made into them: each gets the next piece, and the rest is what the heap takes for free space, so that
// it can be walked at any time. Nobody collects meanwhile: there is one thread, and it is here.
//
//   object:      MethodTable *type; fields …        type: uint32_t flags; uint32_t size in bytes, with the 8 of a header before the object
//   free space:  MethodTable *g_pFreeObjectEEType; uint32_t bytes after its first 24

struct type { uint32_t flags, size; };

extern const struct type *g_pFreeObjectEEType;
void __real_RhAllocateNewObject(const struct type *type, uint32_t flags, void *result);
int __real___managed__Main(int count, char **words);

static bool in_main;

int __wrap___managed__Main(int count, char **words)
{
    in_main = true;
    return __real___managed__Main(count, words);
}

static void make_free(uint8_t *start, size_t size)
{
    *(const struct type **)start = g_pFreeObjectEEType;
    *(uint64_t *)(start + sizeof(void *)) = size - g_pFreeObjectEEType->size;
}

void __wrap_RhAllocateNewObject(const struct type *type, uint32_t flags, void *result)
{
    const uint32_t pinned = 0x40, all = 1 << 16;
    static const struct type whole = {.size = all};
    static uint8_t *rest;
    static size_t left;
    size_t size = (type->size + 7) & ~7ul;
    // an array, or one that is finalized, would say so in its flags: these are neither
    if (in_main || flags != pinned || (int32_t)type->flags < 0 || size > all / 4)
    {
        __real_RhAllocateNewObject(type, flags, result);
        return;
    }
    if (left < size + g_pFreeObjectEEType->size)
    {
        void *object = NULL;
        __real_RhAllocateNewObject(&whole, flags, &object);
        if (!object)
        {
            left = 0;
            __real_RhAllocateNewObject(type, flags, result);
            return;
        }
        rest = object;
        left = all;
    }
    uint8_t *object = rest;
    rest += size;
    left -= size;
    make_free(rest, left);
    ((uint64_t *)object)[1] = 0;
    *(const struct type **)object = type;
    *(void **)result = object;
}

// ---- the thread that finalizes ----------------------------------------------------------------------------------------------------
// Started when the runtime first has need of it, or somebody waits for it: mostly never.

typedef uint32_t finalizing(void *context);
static finalizing *finalizer;
static void *finalizer_context;

bool __real__Z23PalStartFinalizerThreadPFjPvES_(finalizing *body, void *context);
void __real__Z20RhEnableFinalizationv(void);
void __real_RhWaitForPendingFinalizers(uint32_t reentrant);

bool __wrap__Z23PalStartFinalizerThreadPFjPvES_(finalizing *body, void *context)
{
    finalizer_context = context;
    __atomic_store_n(&finalizer, body, __ATOMIC_RELEASE);
    return true;
}

// What cannot be started now (no more threads) is tried again the next time.
static bool start_finalizer(void)
{
    finalizing *body = __atomic_exchange_n(&finalizer, NULL, __ATOMIC_ACQ_REL);
    if (!body || __real__Z23PalStartFinalizerThreadPFjPvES_(body, finalizer_context))
        return true;
    __atomic_store_n(&finalizer, body, __ATOMIC_RELEASE);
    return false;
}

void __wrap__Z20RhEnableFinalizationv(void)
{
    start_finalizer();
    __real__Z20RhEnableFinalizationv();
}

// nobody would come to tell that all are finalized
void __wrap_RhWaitForPendingFinalizers(uint32_t reentrant)
{
    if (start_finalizer())
        __real_RhWaitForPendingFinalizers(reentrant);
}
