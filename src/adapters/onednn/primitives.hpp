// Primitives of equal shape are made once and shared by all layers, networks and trials: a cold one
// costs some 150 us, more than many a step. Bounded: the one that was asked for longest ago goes
// first, and lives on in the networks that hold it.
#pragma once

#include <list>
#include <map>
#include <memory>

#include "adapters/onednn/activations.hpp"
#include "adapters/onednn/matmul.hpp"

namespace twostep::onednn {

template <class Key, class Value>
class LeastRecentlyUsed {
 public:
  explicit LeastRecentlyUsed(std::size_t capacity) : capacity_(capacity) {}

  template <class Make>
  std::shared_ptr<Value> get(const Key& key, Make make) {
    const auto found = index_.find(key);
    if (found != index_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->second;
    }
    order_.emplace_front(key, make());
    index_[key] = order_.begin();
    if (order_.size() > capacity_) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    return order_.front().second;
  }

 private:
  using Entry = std::pair<Key, std::shared_ptr<Value>>;
  std::size_t capacity_;
  std::list<Entry> order_;
  std::map<Key, typename std::list<Entry>::iterator> index_;
};

struct EltwiseShape {
  Activation activation = Activation::identity;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  bool backward = false;
  friend auto operator<=>(const EltwiseShape&, const EltwiseShape&) = default;
};

class Primitives {
 public:
  Primitives() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}
  [[nodiscard]] std::shared_ptr<Matmul> matmul(const MatmulShape& shape);
  [[nodiscard]] std::shared_ptr<Eltwise> eltwise(const EltwiseShape& shape);
  [[nodiscard]] const dnnl::engine& engine() const { return engine_; }
  [[nodiscard]] const dnnl::stream& stream() const { return stream_; }

 private:
  static constexpr std::size_t capacity = 1024;
  dnnl::engine engine_;
  dnnl::stream stream_;
  LeastRecentlyUsed<MatmulShape, Matmul> matmuls_{capacity};
  LeastRecentlyUsed<EltwiseShape, Eltwise> eltwises_{capacity};
};

}  // namespace twostep::onednn
