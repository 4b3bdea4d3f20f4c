#include "adapters/onednn/prepared_call.hpp"

#include "twostep/base/check.hpp"

namespace twostep::onednn {

PreparedCall::PreparedCall(dnnl::primitive primitive, const dnnl::engine& engine,
                           std::initializer_list<CallArgument> arguments)
    : primitive_(std::move(primitive)) {
  TWOSTEP_REQUIRE(arguments.size() <= most);
  for (const CallArgument& argument : arguments) {
    memories_[count_] = dnnl::memory(argument.desc, engine, nullptr);
    arguments_[count_] = {argument.kind, memories_[count_].get()};
    ++count_;
  }
}

void PreparedCall::run(const dnnl::stream& stream, std::initializer_list<const void*> data) {
  TWOSTEP_REQUIRE(data.size() == count_);
  std::size_t i = 0;
  for (const void* at : data) {
    if (at != data_[i]) {
      memories_[i].set_data_handle(const_cast<void*>(at));
      data_[i] = at;
    }
    ++i;
  }
  dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive_.get(), stream.get(),
                                                 static_cast<int>(count_), arguments_.data()),
                          "could not execute a primitive");
}

dnnl::memory::desc matrix(std::int64_t rows, std::int64_t columns, bool transposed,
                          dnnl::memory::data_type type, std::int64_t pad) {
  return {{rows, columns},
          type,
          transposed ? dnnl::memory::dims{1, rows + pad} : dnnl::memory::dims{columns + pad, 1}};
}

}  // namespace twostep::onednn
