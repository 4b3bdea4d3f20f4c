// A oneDNN primitive with its arguments laid out once, so that running it costs what oneDNN costs:
// no maps are built and nothing is allocated on this side.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <oneapi/dnnl/dnnl.hpp>

namespace twostep::onednn {

struct CallArgument {
  int kind;  // DNNL_ARG_...
  dnnl::memory::desc desc;
};

class PreparedCall {
 public:
  PreparedCall() = default;
  PreparedCall(dnnl::primitive primitive, const dnnl::engine& engine,
               std::initializer_list<CallArgument> arguments);
  // One pointer per argument, in their order. Throws dnnl::error.
  void run(const dnnl::stream& stream, std::initializer_list<const void*> data);

 private:
  static constexpr std::size_t most = 8;
  dnnl::primitive primitive_;
  std::size_t count_ = 0;
  std::array<dnnl::memory, most> memories_;
  std::array<const void*, most> data_{};
  std::array<dnnl_exec_arg_t, most> arguments_{};
};

// A matrix [rows, columns], row-major, or the transposed view of a row-major [columns, rows], with
// `pad` numbers between the rows that lie in memory.
[[nodiscard]] dnnl::memory::desc matrix(std::int64_t rows, std::int64_t columns,
                                        bool transposed = false,
                                        dnnl::memory::data_type type = dnnl::memory::data_type::f32,
                                        std::int64_t pad = 0);

}  // namespace twostep::onednn
