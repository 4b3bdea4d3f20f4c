// Cache-line aligned floats, uninitialised.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

namespace twostep::onednn {

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t n)
      : data_(static_cast<T*>(std::aligned_alloc(
            alignment, (n * sizeof(T) + alignment - 1) / alignment * alignment))) {
    if (!data_ && n > 0) {
      throw std::bad_alloc();
    }
  }
  [[nodiscard]] T* get() const { return data_.get(); }

 private:
  static constexpr std::size_t alignment = 64;
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
};

}  // namespace twostep::onednn
