// The engine that trains: oneDNN's matmul with bias and activation fused, on plain row-major
// memory, so the flat parameter vector is used where it lies. The only place that knows oneDNN;
// written for 2.6 and for 3.x. Same inputs give the same bits on the same instruction set, whatever
// was computed before.
#pragma once

#include <memory>
#include <string>

#include "twostep/ports/engine.hpp"

namespace twostep {

// Also limits oneDNN to this many threads in the calling thread; ranks, not threads, are the unit
// of parallelism.
[[nodiscard]] std::unique_ptr<Engine> make_onednn_engine(int threads = 1);
// Whether this processor multiplies bfloat16 itself, as far as oneDNN may use it
// (DNNL_MAX_CPU_ISA).
[[nodiscard]] bool onednn_has_bf16();
[[nodiscard]] std::string onednn_version();          // "2.6.3"
[[nodiscard]] std::string onednn_instruction_set();  // "avx512_core_bf16"

}  // namespace twostep
