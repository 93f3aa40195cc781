// What every function here returns to Rust: nothing, or what libtorch threw, in words.

#pragma once

#include <cstring>
#include <exception>

// Null, or a message that the caller frees.
template <typename Body>
char* guarded(Body body) {
    try {
        body();
        return nullptr;
    } catch (const std::exception& error) {
        return strdup(error.what());
    }
}
