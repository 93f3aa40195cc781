// What becomes of freed memory.

// Of mimalloc, which is linked in place of the C library's allocator.
extern "C" void mi_option_set(int option, long value);

// Training allocates the same large tensors in every step. An allocator that hands them back to the system in between makes it clear
// every page anew.
extern "C" void finetop_keep_memory() {
    constexpr int PURGE_DELAY = 15;  // milliseconds
    constexpr long NEVER = -1;
    mi_option_set(PURGE_DELAY, NEVER);
}
