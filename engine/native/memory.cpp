// The C library's memory, kept for the next step.

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

// Training allocates the same large tensors in every step. By default the C library hands them back to the system each time, which must
// then clear every page anew.
extern "C" void finetop_keep_memory() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}
