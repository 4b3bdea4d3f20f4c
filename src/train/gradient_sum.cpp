#include "train/gradient_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

constexpr std::size_t bucket_bytes = std::size_t{1} << 21;  // by measurement: docs/performance.md
constexpr int unit_bits = 40;         // of the largest gradient of a bucket that are kept
constexpr int sum_bits = 13;          // 53 - unit_bits: by how much an exact sum may exceed it
constexpr int largest_headroom = 10;  // rounding by adding and subtracting works up to 2^51 units
constexpr double nothing = -1000;     // exponent of a bucket of zeros, or of which nothing is known

// 2^e > |v|; `nothing` for 0.
double exponent_above(float v) {
  if (v == 0) {
    return nothing;
  }
  return std::isfinite(v) ? std::ilogb(v) + 1 : std::numeric_limits<float>::max_exponent + 1;
}

// sum[i] += part[i] rounded to a multiple of the unit that `shift` = 1.5 x 2^52 units stands for;
// returns the largest |part[i]|.
TWOSTEP_VECTORISED
float add_rounded(double* sum, const float* part, std::size_t n, double shift) {
  float largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = static_cast<double>(part[i]);
    sum[i] += (v + shift) - shift;
    const float size = std::abs(part[i]);
    largest = size > largest ? size : largest;
  }
  return largest;
}

}  // namespace

std::vector<std::size_t> bucket_begins(const MlpLayout& layout, std::size_t bytes) {
  std::vector<std::size_t> out;
  std::size_t end = layout.parameters;
  for (std::size_t l = layout.layers.size(); l-- > 0;) {
    const std::size_t begin = l == 0 ? 0 : layout.layers[l].weights;
    if (l == 0 || (end - begin) * sizeof(float) >= bytes) {
      out.push_back(begin);
      end = begin;
    }
  }
  return out;
}

OverlappedSum::OverlappedSum(const MlpLayout& layout, Group& group)
    : group_(group), begins_(bucket_begins(layout, bucket_bytes)) {}

void OverlappedSum::begin(std::span<float> gradient) {
  gradient_ = gradient;
  next_ = 0;
  behind_ = gradient.size();
}

void OverlappedSum::ready(std::size_t begin, std::size_t) {
  if (group_.size() == 1) {
    return;
  }
  if (begins_.size() == 1) {  // nothing to overlap with: a blocking sum is much the faster
    if (begin == 0 && next_ == 0) {
      group_.sum(gradient_);
      next_ = 1;
    }
    return;
  }
  group_.poke();
  for (; next_ < begins_.size() && begins_[next_] >= begin; ++next_) {
    group_.start_sum(gradient_.subspan(begins_[next_], behind_ - begins_[next_]));
    behind_ = begins_[next_];
  }
}

void OverlappedSum::finish() {
  ready(0, 0);
  group_.wait_sums();
}

ReproducibleSum::ReproducibleSum(const MlpLayout& layout, std::uint32_t parts, Group& group)
    : group_(group),
      begins_(bucket_begins(layout, bucket_bytes)),
      exponents_(begins_.size(), nothing),
      headroom_(std::min(largest_headroom, sum_bits - static_cast<int>(std::bit_width(parts - 1)))),
      parts_(parts),
      sum_(layout.parameters),
      tail_(parts + static_cast<std::size_t>(group.size()) * begins_.size()),
      largest_(begins_.size()) {
  TWOSTEP_REQUIRE(parts >= 1 && headroom_ >= 1);
}

void ReproducibleSum::begin() {
  std::fill(sum_.begin(), sum_.end(), 0.0);
  std::fill(tail_.begin(), tail_.end(), 0.0);
  std::fill(largest_.begin(), largest_.end(), 0.0F);
  sent_ = 0;
}

void ReproducibleSum::begin_part(std::uint32_t part, double loss, std::span<const float> gradient,
                                 bool last) {
  TWOSTEP_REQUIRE(part < parts_ && gradient.size() == sum_.size());
  tail_[part] = loss;
  part_ = gradient;
  last_ = last;
  next_ = 0;
  behind_ = sum_.size();
}

void ReproducibleSum::ready(std::size_t begin, std::size_t) {
  while (next_ < begins_.size() && behind_ > begin) {
    const std::size_t from = std::max(begin, begins_[next_]);
    add(next_, from, behind_);
    behind_ = from;
    if (from > begins_[next_]) {
      break;
    }
    if (last_) {
      group_.start_sum(std::span(sum_).subspan(begins_[next_], end_of(next_) - begins_[next_]));
      ++sent_;
    }
    ++next_;
  }
  group_.poke();
}

void ReproducibleSum::add(std::size_t bucket, std::size_t begin, std::size_t end) {
  // Of a bucket of which nothing is known the sum is of no use, only its largest.
  const double e = std::max(exponents_[bucket], -300.0);
  const double shift = std::ldexp(1.5, 52 - unit_bits + static_cast<int>(e));
  const float largest = add_rounded(&sum_[begin], &part_[begin], end - begin, shift);
  largest_[bucket] = std::max(largest_[bucket], largest);
}

bool ReproducibleSum::finish(std::span<float> gradient) {
  TWOSTEP_REQUIRE(gradient.size() == sum_.size() + 1);
  for (; sent_ < begins_.size(); ++sent_) {  // a member without any part
    group_.start_sum(std::span(sum_).subspan(begins_[sent_], end_of(sent_) - begins_[sent_]));
  }
  const std::size_t buckets = begins_.size();
  const auto members = static_cast<std::size_t>(group_.size());
  for (std::size_t b = 0; b < buckets; ++b) {
    tail_[parts_ + static_cast<std::size_t>(group_.rank()) * buckets + b] =
        exponent_above(largest_[b]);
  }
  group_.start_sum(std::span(tail_));
  group_.wait_sums();
  bool exact = true;
  for (std::size_t b = 0; b < buckets; ++b) {
    double e = nothing;
    for (std::size_t m = 0; m < members; ++m) {
      e = std::max(e, tail_[parts_ + m * buckets + b]);
    }
    exact = exact && e <= exponents_[b] + headroom_;
    exponents_[b] = e;
  }
  if (!exact) {
    return false;
  }
  std::transform(sum_.begin(), sum_.end(), gradient.begin(),
                 [](double v) { return static_cast<float>(v); });
  double loss = 0;
  for (std::uint32_t p = 0; p < parts_; ++p) {
    loss += tail_[p];
  }
  gradient.back() = static_cast<float>(loss);
  return true;
}

void ReproducibleSum::save(ByteWriter& writer) const {
  writer.f64s(exponents_);
}

void ReproducibleSum::load(ByteReader& reader) {
  auto exponents = reader.f64s();
  if (exponents.size() != begins_.size()) {
    throw Error(ErrorKind::internal, Problem{"", "a checkpoint of another network", "", ""});
  }
  exponents_ = std::move(exponents);
}

}  // namespace twostep
