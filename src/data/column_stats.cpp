#include "twostep/data/column_stats.hpp"

#include <algorithm>
#include <cmath>

namespace twostep {

void ColumnStats::add(double value) {
  min = count == 0 ? value : std::min(min, value);
  max = count == 0 ? value : std::max(max, value);
  count += 1;
  const double delta = value - mean;
  mean += delta / count;
  m2 += delta * (value - mean);
}

void ColumnStats::merge(const ColumnStats& other) {
  if (other.count == 0) {
    return;
  }
  if (count == 0) {
    *this = other;
    return;
  }
  const double total = count + other.count;
  const double delta = other.mean - mean;
  mean += delta * other.count / total;
  m2 += other.m2 + delta * delta * count * other.count / total;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  count = total;
}

double ColumnStats::deviation() const {
  return count > 0 ? std::sqrt(m2 / count) : 0;
}

bool ColumnStats::constant() const {
  return max == min || deviation() <= 1e-9 * std::max(std::abs(min), std::abs(max));
}

ColumnEncoding encoding_for(Normalisation kind, std::span<const ColumnStats> columns) {
  ColumnEncoding out;
  for (const ColumnStats& c : columns) {
    if (kind == Normalisation::none) {
      out.offset.push_back(0);
      out.scale.push_back(1);
    } else if (kind == Normalisation::min_max) {
      out.offset.push_back(c.min);
      out.scale.push_back(c.constant() ? 1 : c.max - c.min);
    } else {
      out.offset.push_back(c.mean);
      out.scale.push_back(c.constant() ? 1 : c.deviation());
    }
  }
  return out;
}

}  // namespace twostep
