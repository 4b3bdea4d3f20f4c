// Counts what the training loop allocates once it runs. A program of its own, because it replaces
// operator new. What oneDNN allocates within a call is its own affair and is not counted.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <oneapi/dnnl/dnnl.h>
#include <cstdlib>
#include <new>

#include "adapters/onednn/onednn_engine.hpp"
#include "bench/training_case.hpp"

namespace {

bool counting = false;
bool within_onednn = false;
int allocations = 0;

void* allocate(std::size_t n, std::size_t alignment) {
  allocations += counting && !within_onednn ? 1 : 0;
  void* p = std::aligned_alloc(alignment, (n + alignment - 1) / alignment * alignment);
  if (p == nullptr) {
    throw std::bad_alloc();
  }
  return p;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t n) {
  return allocate(n, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t alignment) {
  return allocate(n, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

extern "C" dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive,
                                                dnnl_stream_t stream, int count,
                                                const dnnl_exec_arg_t* arguments) {
  using Execute = decltype(&dnnl_primitive_execute);
  static const auto real = reinterpret_cast<Execute>(dlsym(RTLD_NEXT, "dnnl_primitive_execute"));
  within_onednn = true;
  const dnnl_status_t status = real(primitive, stream, count, arguments);
  within_onednn = false;
  return status;
}

namespace twostep {
namespace {

template <class Work>
int count_allocations(Work work) {
  allocations = 0;
  counting = true;
  work();
  counting = false;
  return allocations;
}

TEST(TrainingLoop, AllocatesNothingOverStepsAndEpochs) {
  const auto engine = make_onednn_engine(1);
  for (const Activation activation : {Activation::relu, Activation::gelu}) {
    for (const std::uint32_t width : {16U, 40U, 128U}) {
      bench::TrainingCase training({2, width, 48, activation, ""}, *engine, 1000);
      const auto epoch = [&] {
        for (int i = 0; i < 21; ++i) {  // 20 whole batches and a last one of 40 rows
          training.step();
        }
      };
      epoch();
      EXPECT_EQ(count_allocations([&] {
                  epoch();
                  epoch();
                }),
                0)
          << name(activation) << " " << width;
    }
  }
}

TEST(TrainingLoop, AllocatesNothingForNormsDropoutAndTheRest) {
  const auto engine = make_onednn_engine(1);
  for (const char* model :
       {R"(, "norm": "batch", "residual": true)", R"(, "norm": "layer", "dropout": 0.2)",
        R"(, "input_noise": 0.1, "dropout": 0.1, "residual": true)"}) {
    for (const char* optimizer : {"sgd", "nadam", "radam", "rmsprop", "lion"}) {
      bench::Case c{2, 24, 48, Activation::tanh,
                    std::string(R"(, "clip_norm": 1, "l1": 1e-5, "schedule": "one_cycle",
                                "optimizer": ")") +
                        optimizer + R"(")"};
      c.model = model;
      bench::TrainingCase training(c, *engine, 1000);
      const auto epoch = [&] {
        for (int i = 0; i < 21; ++i) {
          training.step();
        }
      };
      epoch();
      EXPECT_EQ(count_allocations(epoch), 0) << model << " " << optimizer;
    }
  }
}

// Nothing per validation, per batch of one or per row, once both sizes of batches have been seen;
// with and without vectorised losses of its own.
TEST(TrainingLoop, AllocatesNothingInValidations) {
  const auto engine = make_onednn_engine(1);
  for (const char* loss : {"mse", "huber", "log_cosh"}) {
    for (const std::uint64_t rows : {1000U, 20 * 1024U}) {
      bench::TrainingCase training(
          {2, 16, 48, Activation::relu, std::string(R"(, "loss": ")") + loss + R"(")"}, *engine,
          960, rows, 1);
      for (int i = 0; i < 3; ++i) {
        training.step();
      }
      EXPECT_EQ(count_allocations([&] {
                  for (int i = 0; i < 5; ++i) {
                    training.step();
                  }
                }),
                0)
          << loss << " " << rows;
    }
  }
}

}  // namespace
}  // namespace twostep
