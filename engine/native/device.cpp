// What training on a GPU needs and tch has no name for: a stream of its own, copies that nobody waits for, figures that are read when they
// are there, and the memory taken. Through the parts of libtorch that know no GPU's interface, so that no compiler for GPUs is needed.

#include <ATen/DeviceAccelerator.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/types.h>

#include "guard.h"

namespace {

constexpr auto GPU = c10::DeviceType::CUDA;

c10::Stream current_stream(c10::Device device) { return c10::impl::VirtualGuardImpl(GPU).getStream(device); }

// Figures on their way to the processor.
struct Reading {
    torch::Tensor figures;
    c10::Event arrival;
};

}  // namespace

// Makes a stream other than the default one current on this thread, since work on the default one cannot be recorded.
extern "C" char* finetop_use_own_stream(int64_t index) {
    return guarded([&] {
        c10::impl::VirtualGuardImpl gpu(GPU);
        c10::Device device(GPU, static_cast<c10::DeviceIndex>(index));
        gpu.synchronizeDevice(device.index());
        gpu.exchangeStream(gpu.getStreamFromGlobalPool(device, /*isHighPriority=*/false));
    });
}

// Copies `from`, on the processor, into `to`, on a GPU, when the work before it is done; `from` may be changed or freed at once.
extern "C" char* finetop_upload(const torch::Tensor* from, torch::Tensor* to) {
    return guarded([&] {
        torch::NoGradGuard no_gradient;
        to->copy_(from->pin_memory(), /*non_blocking=*/true);
    });
}

// Begins to copy the fp32 tensor `from`, on a GPU, to the processor.
extern "C" char* finetop_read_later(const torch::Tensor* from, Reading** result) {
    return guarded([&] {
        torch::NoGradGuard no_gradient;
        auto figures = torch::empty(from->sizes(), torch::TensorOptions().dtype(torch::kFloat).pinned_memory(true));
        figures.copy_(*from, /*non_blocking=*/true);
        c10::Event arrival(GPU);
        arrival.record(current_stream(from->device()));
        *result = new Reading{std::move(figures), std::move(arrival)};
    });
}

// Waits until the figures have come, and puts the first `n` of them into `figures`.
extern "C" char* finetop_read_now(Reading* reading, float* figures, int64_t n) {
    return guarded([&] {
        reading->arrival.synchronize();
        TORCH_CHECK(reading->figures.numel() >= n, "fewer figures were read");
        std::memcpy(figures, reading->figures.const_data_ptr<float>(), n * sizeof(float));
    });
}

extern "C" void finetop_forget_reading(Reading* reading) { delete reading; }

// The most memory that tensors took on a GPU, and that libtorch holds of it, bytes.
extern "C" char* finetop_gpu_memory(int64_t index, int64_t* allocated, int64_t* reserved) {
    return guarded([&] {
        auto statistics = at::getDeviceAllocator(GPU)->getDeviceStats(static_cast<c10::DeviceIndex>(index));
        constexpr auto TOTAL = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
        *allocated = statistics.allocated_bytes[TOTAL].peak;
        *reserved = statistics.reserved_bytes[TOTAL].peak;
    });
}
