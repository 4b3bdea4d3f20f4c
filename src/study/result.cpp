#include "twostep/study/result.hpp"

#include <array>
#include <cmath>

namespace twostep {

bool operator==(const TargetMetrics& a, const TargetMetrics& b) {
  const auto values = [](const TargetMetrics& m) {
    return std::array{m.rmse,     m.mae,  m.r2,        m.bias,
                      m.accuracy, m.loss, m.objective, m.balanced_accuracy};
  };
  const auto x = values(a);
  const auto y = values(b);
  bool same = a.target == b.target;
  for (std::size_t i = 0; i < x.size(); ++i) {
    same = same && (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])));
  }
  return same;
}

}  // namespace twostep
