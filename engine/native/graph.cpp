// The kernels of a training step, recorded once and then started all together. libtorch's class for it lies in its CUDA part, which is
// opened at run time: its functions are looked up by name there. They are those of one version, which torch-sys makes sure of.

#include <dlfcn.h>
#include <torch/types.h>

#include <array>
#include <utility>

#include "guard.h"

namespace {

using Pool = std::pair<unsigned long long, unsigned long long>;

// cudaStreamCaptureModeRelaxed: this process records on one thread, and what libtorch does meanwhile on its own threads belongs to it.
constexpr int RELAXED = 2;

template <typename Function>
Function* named(const char* name) {
    auto* address = dlsym(RTLD_DEFAULT, name);
    TORCH_CHECK(address != nullptr, "libtorch_cuda has no ", name);
    return reinterpret_cast<Function*>(address);
}

// at::cuda::CUDAGraph.
class Graph {
   public:
    Graph() { named<void(void*, bool)>("_ZN2at4cuda9CUDAGraphC1Eb")(object(), false); }

    ~Graph() { named<void(void*)>("_ZN2at4cuda9CUDAGraphD1Ev")(object()); }

    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    void begin(const Pool& pool) {
        named<void(void*, Pool, int)>("_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode")(object(), pool, RELAXED);
    }

    void end() { named<void(void*)>("_ZN2at4cuda9CUDAGraph11capture_endEv")(object()); }

    void replay() { replay_(object()); }

    Pool pool() { return named<Pool(void*)>("_ZN2at4cuda9CUDAGraph4poolEv")(object()); }

   private:
    void* object() { return room_.data(); }

    // Several times what the class takes.
    alignas(64) std::array<unsigned char, 4096> room_{};
    void (*replay_)(void*) = named<void(void*)>("_ZN2at4cuda9CUDAGraph6replayEv");
};

}  // namespace

// Records from now on what this thread's stream is given, instead of doing it. Graphs that are never replayed at once may share memory: this
// one takes its from where `other` has its own, where that is not null.
extern "C" char* finetop_graph_begin(Graph* other, Graph** result) {
    return guarded([&] {
        auto graph = std::make_unique<Graph>();
        graph->begin(other == nullptr ? Pool{0, 0} : other->pool());
        *result = graph.release();
    });
}

// Ends the recording.
extern "C" char* finetop_graph_end(Graph* graph) {
    return guarded([&] { graph->end(); });
}

// Does what was recorded; random numbers are drawn from the generator's seed of now.
extern "C" char* finetop_graph_replay(Graph* graph) {
    return guarded([&] { graph->replay(); });
}

extern "C" void finetop_graph_forget(Graph* graph) { delete graph; }
