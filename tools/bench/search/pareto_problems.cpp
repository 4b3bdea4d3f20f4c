#include "bench/search/pareto_problems.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>

#include "bench/search/problems.hpp"

namespace twostep::bench {
namespace {

using std::numbers::pi;

using Numbers = std::vector<double>;

// All ZDT problems: f1(x1), g(x2, ...), f2 = g h(f1, g); on the front g = 1.
struct Zdt {
  double (*first)(double x);
  double (*g)(const Numbers& x);
  double (*h)(double f, double g);
  double least = 0;  // of f1
};

double identity(double x) {
  return x;
}

double mean_of_others(const Numbers& x) {
  return std::accumulate(x.begin() + 1, x.end(), 0.0) / static_cast<double>(x.size() - 1);
}

double linear_g(const Numbers& x) {
  return 1 + 9 * mean_of_others(x);
}

double rastrigin_g(const Numbers& x) {
  double out = 1 + 10 * static_cast<double>(x.size() - 1);
  for (std::size_t i = 1; i < x.size(); ++i) {
    out += x[i] * x[i] - 10 * std::cos(4 * pi * x[i]);
  }
  return out;
}

double biased_g(const Numbers& x) {
  return 1 + 9 * std::pow(mean_of_others(x), 0.25);
}

double biased_first(double x) {
  return 1 - std::exp(-4 * x) * std::pow(std::sin(6 * pi * x), 6);
}

double convex(double f, double g) {
  return 1 - std::sqrt(f / g);
}

double concave(double f, double g) {
  return 1 - (f / g) * (f / g);
}

double disconnected(double f, double g) {
  return 1 - std::sqrt(f / g) - f / g * std::sin(10 * pi * f);
}

ParetoProblem zdt(Space space, double second_reference, const Zdt& parts) {
  return {std::move(space),
          {1.1, second_reference},
          [parts](const Numbers& x) {
            const double f = parts.first(x[0]);
            const double g = parts.g(x);
            return Objectives{f, g * parts.h(f, g)};
          },
          [parts](double t) {
            const double f = parts.least + (1 - parts.least) * t;
            return Objectives{f, parts.h(f, 1)};
          }};
}

Objectives dtlz2(const Numbers& x) {
  double g = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    g += (x[i] - 0.5) * (x[i] - 0.5);
  }
  return {(1 + g) * std::cos(x[0] * pi / 2), (1 + g) * std::sin(x[0] * pi / 2)};
}

// (1 + g) h of DTLZ7, with two objectives.
double dtlz7_second(double f, double g) {
  return 2 * (1 + g) - f * (1 + std::sin(3 * pi * f));
}

}  // namespace

ParetoProblem make_pareto_problem(const std::string& name) {
  if (name == "zdt1") {
    return zdt(box(30, 0, 1), 6, {identity, linear_g, convex});
  }
  if (name == "zdt2") {
    return zdt(box(30, 0, 1), 6, {identity, linear_g, concave});
  }
  if (name == "zdt3") {
    return zdt(box(30, 0, 1), 6, {identity, linear_g, disconnected});
  }
  if (name == "zdt4") {
    Space space = box(10, -5, 5);
    space.dimensions[0].low = 0;
    space.dimensions[0].high = 1;
    return zdt(std::move(space), 200, {identity, rastrigin_g, convex});
  }
  if (name == "zdt6") {
    // f1's least value, at tan(6 pi x) = 9 pi.
    const double least = biased_first(std::atan(9 * pi) / (6 * pi));
    return zdt(box(10, 0, 1), 10, {biased_first, biased_g, concave, least});
  }
  if (name == "dtlz2") {
    return {box(11, 0, 1), {2, 2}, dtlz2, [](double t) {
              return Objectives{std::sin(t * pi / 2), std::cos(t * pi / 2)};
            }};
  }
  if (name == "dtlz7") {
    return {box(21, 0, 1),
            {1.1, 13},
            [](const Numbers& x) {
              return Objectives{x[0], dtlz7_second(x[0], linear_g(x))};
            },
            [](double t) {
              return Objectives{t, dtlz7_second(t, 1)};
            }};
  }
  throw std::runtime_error("no such problem of two objectives: " + name);
}

double hypervolume(std::vector<Objectives> points, const Objectives& reference) {
  std::sort(points.begin(), points.end());
  double out = 0;
  double height = reference.second;
  for (const auto& [first, second] : points) {
    if (first < reference.first && second < height) {
      out += (reference.first - first) * (height - second);
      height = second;
    }
  }
  return out;
}

double front_hypervolume(const ParetoProblem& problem) {
  constexpr int steps = 100'000;
  std::vector<Objectives> curve;
  for (int i = 0; i <= steps; ++i) {
    curve.push_back(problem.front(static_cast<double>(i) / steps));
  }
  return hypervolume(std::move(curve), problem.reference);
}

}  // namespace twostep::bench
