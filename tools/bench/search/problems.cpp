#include "bench/search/problems.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <memory>
#include <numbers>
#include <stdexcept>

namespace twostep::bench {
namespace {

using std::numbers::pi;

using Numbers = std::vector<double>;

Problem continuous(Space space, double optimum, double (*f)(const Numbers&)) {
  return {std::move(space),
          optimum,
          [f](const Point& point) {
            Numbers x;
            for (const Value& v : point.values) {
              x.push_back(std::get<double>(v));
            }
            return f(x);
          },
          {}};
}

double branin(const Numbers& x) {
  const double a = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;
  return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(x[0]) + 10;
}

double hartmann6(const Numbers& x) {
  constexpr double alpha[] = {1.0, 1.2, 3.0, 3.2};
  constexpr double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                              {0.05, 10, 17, 0.1, 8, 14},
                              {3, 3.5, 1.7, 10, 17, 8},
                              {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double p[4][6] = {{1312, 1696, 5569, 124, 8283, 5886},
                              {2329, 4135, 8307, 3736, 1004, 9991},
                              {2348, 1451, 3522, 2883, 3047, 6650},
                              {4047, 8828, 8732, 5743, 1091, 381}};
  double out = 0;
  for (int i = 0; i < 4; ++i) {
    double sum = 0;
    for (int j = 0; j < 6; ++j) {
      const double d = x[static_cast<std::size_t>(j)] - 1e-4 * p[i][j];
      sum += a[i][j] * d * d;
    }
    out -= alpha[i] * std::exp(-sum);
  }
  return out;
}

double rosenbrock(const Numbers& x) {
  double out = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i + 1] - x[i] * x[i];
    out += 100 * a * a + (1 - x[i]) * (1 - x[i]);
  }
  return out;
}

double levy(const Numbers& x) {
  const auto w = [&](std::size_t i) { return 1 + (x[i] - 1) / 4; };
  const auto square = [](double v) { return v * v; };
  double out = square(std::sin(pi * w(0)));
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    out += square(w(i) - 1) * (1 + 10 * square(std::sin(pi * w(i) + 1)));
  }
  const std::size_t last = x.size() - 1;
  return out + square(w(last) - 1) * (1 + square(std::sin(2 * pi * w(last))));
}

// Its optimum is not in the middle, where some algorithms begin.
double ackley(const Numbers& x) {
  double squares = 0;
  double cosines = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double z = x[i] - 7 * std::sin(static_cast<double>(i) + 1);
    squares += z * z;
    cosines += std::cos(2 * pi * z);
  }
  const auto n = static_cast<double>(x.size());
  return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(cosines / n) + 20 +
         std::numbers::e;
}

// An optimiser with parameters of its own each, a learning rate on a log scale, layers.
Problem mixed() {
  Space space = box(2, 0, 1);
  space.dimensions[0].name = "rate";
  space.dimensions[0].low = 1e-5;
  space.dimensions[0].log = true;
  Dimension& kind = space.dimensions[1];
  kind.name = "kind";
  kind.kind = DimensionKind::choice;
  kind.choices = {Value(std::string("a")), Value(std::string("b")), Value(std::string("c")),
                  Value(std::string("d"))};
  const auto add = [&](const std::string& name, Condition condition, bool integer, double high) {
    Dimension d;
    d.name = name;
    d.kind = integer ? DimensionKind::integer : DimensionKind::real;
    d.low = integer ? 1 : 0;
    d.high = high;
    if (!condition.any_of.empty() || condition.at_least > 0) {
      d.condition = std::move(condition);
    }
    space.dimensions.push_back(std::move(d));
  };
  add("momentum", {1, {Value(std::string("a")), Value(std::string("b"))}, 0}, false, 1);
  add("beta", {1, {Value(std::string("c"))}, 0}, false, 1);
  add("layers", {}, true, 4);
  for (int layer = 1; layer <= 4; ++layer) {
    add("width" + std::to_string(layer), {4, {}, layer}, true, 64);
  }
  const auto value = [](const Point& p) {
    const auto real = [&](std::size_t i) { return std::get<double>(p.values[i]); };
    const auto integer = [&](std::size_t i) {
      return static_cast<double>(std::get<std::int64_t>(p.values[i]));
    };
    const std::string choice = std::get<std::string>(p.values[1]);
    const double rate = std::log10(real(0));
    double out = 0;
    if (choice == "a" || choice == "b") {
      const double best = choice == "a" ? 0.9 : 0.2;
      out = (choice == "a" ? 0 : 0.5) + 4 * std::pow(real(2) - best, 2) +
            std::pow(rate + 2 + real(2), 2);
    } else if (choice == "c") {
      out = 0.2 + std::pow(real(3) - 0.5, 2) + 0.5 * std::pow(rate + 3, 2);
    } else {
      out = 1 + 0.1 * std::pow(rate + 1, 2);
    }
    const double layers = integer(4);
    out += 0.3 * std::abs(layers - 3);
    for (std::size_t i = 0; i < static_cast<std::size_t>(layers); ++i) {
      out += std::pow((integer(5 + i) - 48 + 12 * static_cast<double>(i)) / 64, 2);
    }
    return out;
  };
  return {space, 0, value, {}};
}

struct Table {
  std::vector<std::uint64_t> levels;
  std::vector<double> value;
  std::vector<double> seconds;
};

Problem read_table(const std::string& path) {
  std::ifstream in(path);
  const auto table = std::make_shared<Table>();
  std::size_t dimensions = 0;
  in >> dimensions;
  Space space;
  std::size_t rows = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    Dimension d;
    std::string kind;
    std::uint64_t levels = 0;
    in >> d.name >> kind >> levels;
    if (kind == "choice") {
      d.kind = DimensionKind::choice;
      for (std::uint64_t k = 0; k < levels; ++k) {
        d.choices.emplace_back(static_cast<std::int64_t>(k));
      }
    } else {
      d.kind = DimensionKind::integer;
      d.high = static_cast<double>(levels) - 1;
    }
    table->levels.push_back(levels);
    rows *= levels;
    space.dimensions.push_back(std::move(d));
  }
  table->value.resize(rows);
  table->seconds.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    in >> table->value[i] >> table->seconds[i];
  }
  if (!in || rows < 2) {
    throw std::runtime_error("no such problem, nor a table: " + path);
  }
  const auto row = [table](const Point& point) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < point.values.size(); ++i) {
      at =
          at * table->levels[i] + static_cast<std::size_t>(std::get<std::int64_t>(point.values[i]));
    }
    return at;
  };
  return {space, *std::min_element(table->value.begin(), table->value.end()),
          [table, row](const Point& p) { return table->value[row(p)]; },
          [table, row](const Point& p) { return table->seconds[row(p)]; }};
}

}  // namespace

Space box(std::size_t dimensions, double low, double high) {
  Space space;
  for (std::size_t i = 0; i < dimensions; ++i) {
    Dimension d;
    d.name = "x" + std::to_string(i);
    d.low = low;
    d.high = high;
    space.dimensions.push_back(d);
  }
  return space;
}

Problem make_problem(const std::string& name) {
  if (name == "branin") {
    Space space = box(2, -5, 10);
    space.dimensions[1].low = 0;
    space.dimensions[1].high = 15;
    return continuous(std::move(space), 0.39788735772973816, branin);
  }
  if (name == "hartmann6") {
    return continuous(box(6, 0, 1), -3.32236801141551, hartmann6);
  }
  if (name == "rosenbrock4") {
    return continuous(box(4, -5, 10), 0, rosenbrock);
  }
  if (name == "levy8") {
    return continuous(box(8, -10, 10), 0, levy);
  }
  if (name == "ackley16") {
    return continuous(box(16, -32.768, 32.768), 0, ackley);
  }
  return name == "mixed" ? mixed() : read_table(name);
}

}  // namespace twostep::bench
