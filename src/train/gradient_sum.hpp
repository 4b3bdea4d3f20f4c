// The sum of a gradient over a team, begun while the backward pass still computes earlier layers.
// The gradient is cut into buckets at the beginnings of layers, fixed in advance; each is summed as
// soon as all of it is there, late layers first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/ports/engine.hpp"
#include "twostep/ports/group.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {

// From the end of the gradient to its beginning: where each bucket begins. A bucket holds whole
// layers and, unless it is the last, at least `bucket_bytes`.
[[nodiscard]] std::vector<std::size_t> bucket_begins(const MlpLayout& layout,
                                                     std::size_t bucket_bytes);

// Same bits for the same team size. What follows the parameters in the gradient (the loss) is
// summed with the last layer, so it has to be there before the backward pass begins.
class OverlappedSum : public GradientSink {
 public:
  OverlappedSum(const MlpLayout& layout, Group& group);
  void begin(std::span<float> gradient);
  void ready(std::size_t begin, std::size_t end) override;
  void finish();  // waits; buckets that nobody has announced are summed as they are

 private:
  Group& group_;
  std::vector<std::size_t> begins_;
  std::span<float> gradient_;
  std::size_t next_ = 0;    // bucket
  std::size_t behind_ = 0;  // end of the next bucket
};

// The same bits for any team size. A batch is cut into a fixed number of micro-batches, whose
// gradients are rounded to multiples of a unit so coarse that sums of doubles are exact; so neither
// the order nor the grouping of the additions can matter (pre-rounding: Demmel and Nguyen, "Fast
// reproducible floating-point summation", ARITH 2013). The unit is 2^-40 of the largest gradient in
// the bucket at the step before; should a gradient exceed that by so much that sums might round,
// the step is computed again with another unit. Whoever computes micro-batch m calls begin_part(m,
// ...), lets the network tell this sink, and so on for all of its micro-batches; then all call
// finish.
class ReproducibleSum : public GradientSink {
 public:
  ReproducibleSum(const MlpLayout& layout, std::uint32_t parts, Group& group);
  void begin();
  // last: this member has no further part in this step, so that its buckets may be sent.
  void begin_part(std::uint32_t part, double loss, std::span<const float> gradient, bool last);
  void ready(std::size_t begin, std::size_t end) override;
  // False: compute the step again. Else the sum of gradients, and of losses behind it.
  [[nodiscard]] bool finish(std::span<float> gradient);

  void save(ByteWriter& writer) const;
  void load(ByteReader& reader);

 private:
  Group& group_;
  std::vector<std::size_t> begins_;
  std::vector<double> exponents_;  // of each bucket: gradients of the step before are below 2^e
  int headroom_;                   // by how much they may grow
  std::uint32_t parts_;
  std::vector<double> sum_;
  std::vector<double> tail_;    // losses of the parts; then largest exponents, by member and bucket
  std::vector<float> largest_;  // of this member, by bucket
  std::span<const float> part_;  // under way
  bool last_ = false;
  std::size_t next_ = 0;    // bucket of the part under way
  std::size_t behind_ = 0;  // its end
  std::size_t sent_ = 0;    // buckets

  void add(std::size_t bucket, std::size_t begin, std::size_t end);
  [[nodiscard]] std::size_t end_of(std::size_t bucket) const {
    return bucket == 0 ? sum_.size() : begins_[bucket - 1];
  }
};

}  // namespace twostep
