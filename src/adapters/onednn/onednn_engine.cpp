#include "adapters/onednn/onednn_engine.hpp"

#include <omp.h>

#include <new>

#include "adapters/onednn/block_network.hpp"
#include "adapters/onednn/onednn_network.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

class OneDnnEngine : public Engine {
 public:
  explicit OneDnnEngine(int threads) { omp_set_num_threads(threads); }

  [[nodiscard]] std::unique_ptr<Network> compile(const NetworkShape& shape, std::uint32_t batch,
                                                 Pass pass) override {
    if (shape.precision == Precision::bf16 && !onednn_has_bf16()) {
      throw Error(ErrorKind::trial,
                  Problem{"", "this rank's processor has no bf16", onednn_instruction_set(),
                          "run on nodes that are alike, or use training.precision: float32"});
    }
    TWOSTEP_REQUIRE(batch > 0 && shape.inputs > 0 && shape.outputs > 0);
    try {
      if (!onednn::is_plain(shape)) {
        return std::make_unique<onednn::BlockNetwork>(primitives_, shape, batch, pass);
      }
      return std::make_unique<onednn::OneDnnNetwork>(primitives_, shape, batch, pass);
    } catch (const dnnl::error& error) {
      if (error.status == dnnl_out_of_memory) {
        throw std::bad_alloc();
      }
      throw Error(ErrorKind::trial,
                  Problem{"", "oneDNN cannot make this network", error.what(), ""});
    }
  }

  [[nodiscard]] std::string description() const override {
    return "oneDNN " + onednn_version() + " (" + onednn_instruction_set() + ")";
  }

 private:
  onednn::Primitives primitives_;
};

}  // namespace

std::unique_ptr<Engine> make_onednn_engine(int threads) {
  return std::make_unique<OneDnnEngine>(threads);
}

bool onednn_has_bf16() {
  constexpr unsigned avx512_core_bf16 = 0xe7;
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  return (isa & avx512_core_bf16) == avx512_core_bf16;
}

std::string onednn_version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

std::string onednn_instruction_set() {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  struct Name {
    unsigned bits;
    const char* name;
  };
  // Supersets first; the values are the bit sets of dnnl_cpu_isa_t.
  constexpr Name names[] = {{0xfef, "avx512_core_amx"},
                            {0xff, "avx512_core_fp16"},
                            {0xe7, "avx512_core_bf16"},
                            {0x67, "avx512_core_vnni"},
                            {0x27, "avx512_core"},
                            {0xf, "avx2_vnni"},
                            {0x7, "avx2"},
                            {0x3, "avx"},
                            {0x1, "sse41"}};
  for (const Name& name : names) {
    if ((isa & name.bits) == name.bits) {
      return name.name;
    }
  }
  return "generic";
}

}  // namespace twostep
