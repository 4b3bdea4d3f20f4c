// bf16 against double precision, with bounds that follow from the format. bfloat16 keeps 8
// significant bits, so that rounding to nearest changes a number by at most u = 2^-8 of it; the
// product of two such numbers is exact in float32, and a float32 sum of k of them is off by at most
// gamma(k) times the sum of their magnitudes (Higham, "Accuracy and Stability of Numerical
// Algorithms", section 3.1).
#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/onednn/onednn_engine.hpp"
#include "support/feature_suite.hpp"

namespace twostep {
namespace {

constexpr double u = 0x1p-8;
// Mean square of the relative error: uniform over a spacing, magnitudes spread evenly over the
// logarithm: (2^-8)^2 / 3 times the mean of 1 / m^2 for m in [1, 2).
constexpr double mean_square = u * u / 3 * 0.541;
// What oneDNN's float32 activations are off by, as the float32 tests of this engine allow.
constexpr double activation_error = 1e-5;

double gamma(std::size_t k) {
  return static_cast<double>(k + 2) * 0x1p-23;
}

double rounded(double x) {
  int e = 0;
  const double m = std::frexp(x, &e);
  return std::ldexp(std::nearbyint(m * 256) / 256, e);
}

// A matrix: what it is in exact arithmetic, how far a computed one can be from it, and the variance
// of that distance if rounding errors were independent.
struct Matrix {
  Matrix(std::size_t r, std::size_t c)
      : rows(r), columns(c), value(r * c), error(r * c), variance(r * c) {}
  Matrix(std::size_t r, std::size_t c, const float* from) : Matrix(r, c) {
    std::copy_n(from, r * c, value.begin());
  }
  [[nodiscard]] Matrix transposed() const {
    Matrix out(columns, rows);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        out.value[j * rows + i] = value[i * columns + j];
        out.error[j * rows + i] = error[i * columns + j];
        out.variance[j * rows + i] = variance[i * columns + j];
      }
    }
    return out;
  }
  std::size_t rows, columns;
  std::vector<double> value, error, variance;
};

Matrix multiply(const Matrix& a, const Matrix& b) {
  Matrix out(a.rows, b.columns);
  const double most = (1 + u) * (1 + u) * (1 + gamma(a.columns));
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t p = 0; p < a.columns; ++p) {
      const std::size_t l = i * a.columns + p;
      for (std::size_t j = 0; j < b.columns; ++j) {
        const std::size_t r = p * b.columns + j;
        const std::size_t o = i * b.columns + j;
        const double x = std::abs(a.value[l]);
        const double w = std::abs(b.value[r]);
        out.value[o] += a.value[l] * b.value[r];
        out.error[o] += (x + a.error[l]) * (w + b.error[r]) * most - x * w;
        out.variance[o] +=
            a.variance[l] * w * w + x * x * b.variance[r] + 2 * mean_square * x * x * w * w;
      }
    }
  }
  return out;
}

struct Curve {
  double (*value)(double);
  double (*slope)(double);
  double steepest;  // largest |slope|
  double bend;      // largest |derivative of the slope|; 0: the slope jumps at 0
};

double gaussian(double z) {
  return std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
}

double below(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

Curve curve_of(Activation activation) {
  switch (activation) {
    case Activation::tanh:
      return {[](double z) { return std::tanh(z); },
              [](double z) { return 1 - std::tanh(z) * std::tanh(z); }, 1, 0.77};
    case Activation::gelu:
      return {[](double z) { return z * below(z); },
              [](double z) { return below(z) + z * gaussian(z); }, 1.13, 0.8};
    default:
      return {[](double z) { return std::max(z, 0.0); }, [](double z) { return z > 0 ? 1.0 : 0.0; },
              1, 0};
  }
}

Matrix activate(const Curve& curve, const Matrix& z) {
  Matrix y = z;
  for (std::size_t i = 0; i < z.value.size(); ++i) {
    y.value[i] = curve.value(z.value[i]);
    y.error[i] = curve.steepest * z.error[i] + activation_error;
    y.variance[i] = z.variance[i] * std::pow(curve.slope(z.value[i]), 2);
  }
  return y;
}

// dLoss/dz from dLoss/dy.
Matrix slope(const Curve& curve, const Matrix& z, const Matrix& dy) {
  Matrix dz = dy;
  for (std::size_t i = 0; i < z.value.size(); ++i) {
    const double s = curve.slope(z.value[i]);
    const double d = dy.value[i];
    const bool jumps = curve.bend == 0;
    const double turned = z.error[i] >= std::abs(z.value[i]) ? 1 : 0;
    const double e = (jumps ? turned : curve.bend * z.error[i]) + activation_error;
    const double odds = below(-std::abs(z.value[i]) / std::sqrt(z.variance[i]));
    const double v = jumps ? odds : std::pow(curve.bend, 2) / 2 * z.variance[i];
    dz.value[i] = d * s;
    dz.error[i] = (std::abs(d) + dy.error[i]) * (std::abs(s) + e) - std::abs(d * s);
    dz.variance[i] = dy.variance[i] * s * s + d * d * v;
  }
  return dz;
}

struct Expected {
  Matrix y;
  Matrix gradient;
};

struct Inputs {
  explicit Inputs(const NetworkShape& shape, std::size_t n)
      : layout(shape),
        rows(n),
        parameters(test::normals(layout.parameters, 3, 0.25)),
        x(test::normals(rows * shape.inputs, 1)),
        dy(test::normals(rows * shape.outputs, 2, 1.0 / static_cast<double>(rows))) {}
  MlpLayout layout;
  std::size_t rows;
  std::vector<float> parameters, x, dy;
};

Expected expected(const NetworkShape& shape, const Inputs& in) {
  const Curve curve = curve_of(shape.activation);
  const std::size_t count = in.layout.layers.size();
  std::vector<Matrix> x{Matrix(in.rows, shape.inputs, in.x.data())};
  std::vector<Matrix> z;
  std::vector<Matrix> w;
  for (const LayerLayout& at : in.layout.layers) {
    w.emplace_back(at.inputs, at.outputs, &in.parameters[at.weights]);
    z.push_back(multiply(x.back(), w.back()));
    for (std::size_t i = 0; i < z.back().value.size(); ++i) {
      z.back().value[i] += static_cast<double>(in.parameters[at.biases + i % at.outputs]);
    }
    x.push_back(activate(curve, z.back()));
  }
  Expected out{z.back(), Matrix(1, in.layout.parameters)};
  Matrix dz(in.rows, shape.outputs, in.dy.data());
  for (std::size_t l = count; l-- > 0;) {
    const LayerLayout& at = in.layout.layers[l];
    const Matrix dw = multiply(x[l].transposed(), dz);
    std::copy(dw.value.begin(), dw.value.end(), &out.gradient.value[at.weights]);
    std::copy(dw.error.begin(), dw.error.end(), &out.gradient.error[at.weights]);
    std::copy(dw.variance.begin(), dw.variance.end(), &out.gradient.variance[at.weights]);
    for (std::size_t i = 0; i < dz.value.size(); ++i) {  // biases: float32 sums
      const std::size_t b = at.biases + i % at.outputs;
      out.gradient.value[b] += dz.value[i];
      out.gradient.error[b] += dz.error[i] + gamma(in.rows) * std::abs(dz.value[i]);
      out.gradient.variance[b] += dz.variance[i];
    }
    if (l > 0) {
      dz = slope(curve, z[l - 1], multiply(dz, w[l].transposed()));
    }
  }
  return out;
}

test::Passes compute(const NetworkShape& shape, const Inputs& in) {
  const auto engine = make_onednn_engine(1);
  const auto network = engine->compile(shape, static_cast<std::uint32_t>(in.rows), Pass::training);
  test::Passes out{std::vector<float>(in.dy.size()), std::vector<float>(in.layout.parameters)};
  network->forward(in.parameters, {}, in.x, out.y, {});
  network->backward(in.parameters, in.x, in.dy, out.gradient, nullptr);
  return out;
}

std::vector<Precision> precisions() {
  return onednn_has_bf16() ? std::vector{Precision::bf16, Precision::bf16_emulated}
                           : std::vector{Precision::bf16_emulated};
}

// Every value within its bound, and their mean square where independent roundings would put it.
// rare: a few units that change sides of a kink, or none, make most of the variance.
void expect_within(const std::vector<float>& got, const Matrix& truth, bool rare,
                   const std::string& what) {
  double square = 0;
  double variance = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double distance = std::abs(static_cast<double>(got[i]) - truth.value[i]);
    EXPECT_LE(distance, truth.error[i]) << what << " " << i;
    square += distance * distance;
    variance += truth.variance[i];
  }
  EXPECT_LT(std::sqrt(square), 2 * std::sqrt(variance)) << what;
  EXPECT_GT(std::sqrt(square), (rare ? 0.1 : 0.5) * std::sqrt(variance)) << what;
}

TEST(Precision, ChainsOfBf16StayWithinTheirBound) {
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::gelu}) {
    for (const std::vector<std::uint32_t>& widths :
         {std::vector<std::uint32_t>{33}, {64, 33}, {512}}) {
      NetworkShape shape{20, widths, 2, activation, Activation::identity};
      const Inputs in(shape, 50);
      const Expected truth = expected(shape, in);
      for (const Precision precision : precisions()) {
        shape.precision = precision;
        const test::Passes got = compute(shape, in);
        const std::string what = std::string(name(activation)) + " " + name(precision) + " " +
                                 std::to_string(widths.size());
        expect_within(got.y, truth.y, false, what + " output");
        expect_within(got.gradient, truth.gradient, activation == Activation::relu,
                      what + " gradient");
      }
    }
  }
}

// What a row's operands are rounded to does not depend on the batch, so that the parts of a batch
// differ from it by the order of float32 sums, and by the few roundings that this tips over: far
// less than bf16 differs from float32 (4e-3).
TEST(Precision, ATeamFindsWhatOneFinds) {
  for (const Precision precision : precisions()) {
    NetworkShape shape{20, {64, 33}, 2, Activation::tanh, Activation::identity};
    shape.precision = precision;
    constexpr std::uint64_t rows = 50;
    const auto engine = make_onednn_engine(1);
    const test::TrainingPass alone = test::train_on(*engine, shape, rows, {0, rows}, nullptr);
    test::TrainingPass together{{}, std::vector<float>(alone.gradient.size()), {}};
    for (const RowRange mine : {RowRange{0, 17}, RowRange{17, 34}, RowRange{34, rows}}) {
      const test::TrainingPass part = test::train_on(*engine, shape, rows, mine, nullptr);
      together.y.insert(together.y.end(), part.y.begin(), part.y.end());
      for (std::size_t i = 0; i < part.gradient.size(); ++i) {
        together.gradient[i] += part.gradient[i];
      }
    }
    test::expect_close(together, alone, 2e-4, name(precision));
  }
}

// Layers with something around their product round what plain ones round: noise too small to change
// an input makes them of a plain network.
TEST(Precision, BlocksRoundWhatPlainNetworksRound) {
  for (const Precision precision : precisions()) {
    for (const Activation activation : {Activation::relu, Activation::tanh, Activation::gelu}) {
      NetworkShape plain{20, {64, 33}, 2, activation, Activation::identity};
      plain.precision = precision;
      NetworkShape blocks = plain;
      blocks.input_noise = 1e-30;
      const auto engine = make_onednn_engine(1);
      const RowRange all{0, 50};
      test::expect_close(test::train_on(*engine, blocks, 50, all, nullptr),
                         test::train_on(*engine, plain, 50, all, nullptr), 1e-5,
                         std::string(name(precision)) + " " + name(activation));
    }
  }
}

// How far bf16 is from float32 at most, relatively. A few roundings of the operands; more where
// layers of few units are divided by deviations that may be small. Where the slope jumps, a unit
// whose sum is nearer to 0 than its error may change sides: with sums and errors like normal
// numbers, the error of layer l being e = sqrt(2 l mean_square) of the sum, a share of
// arctan(e) / pi does. Half of the units have a slope, so that each layer's share counts twice in
// the square of the gradient.
double furthest(const NetworkShape& shape) {
  if (*std::max_element(shape.widths.begin(), shape.widths.end()) < 10) {
    return 16 * u;
  }
  const bool jumps = shape.activation == Activation::relu ||
                     shape.activation == Activation::leaky_relu ||
                     shape.activation == Activation::selu;
  double square = std::pow(4 * u, 2);
  for (std::size_t l = 1; jumps && l <= shape.widths.size(); ++l) {
    square += 2 / std::acos(-1.0) * std::atan(std::sqrt(2 * static_cast<double>(l) * mean_square));
  }
  return std::sqrt(square);
}

// And every feature in bf16 is near float32, though not as near as float32 itself is, in training
// and in inference; in a team as alone.
TEST(Precision, EveryFeatureIsWithinTheRoundingOfItsOperands) {
  const auto engine = make_onednn_engine(1);
  for (const test::Feature& f : test::features()) {
    constexpr std::uint64_t rows = 64;
    const test::TrainingPass exact = test::train_on(*engine, f.shape, rows, {0, rows}, nullptr);
    for (const Precision precision : precisions()) {
      NetworkShape shape = f.shape;
      shape.precision = precision;
      const std::string label = f.label + " " + name(precision);
      const test::TrainingPass got = test::train_on(*engine, shape, rows, {0, rows}, nullptr);
      test::expect_close(got, exact, furthest(f.shape), label);
      EXPECT_GT(test::relative_distance(got.gradient, exact.gradient), u / 40) << label;
      const auto parameters = test::some_parameters(shape);
      const auto x = test::normals(rows * shape.inputs, 40);
      std::vector<float> y(rows * shape.outputs);
      std::vector<float> expected(y.size());
      const auto n = static_cast<std::uint32_t>(rows);
      engine->compile(shape, n, Pass::inference)->infer({parameters, exact.state}, x, y);
      engine->compile(f.shape, n, Pass::inference)->infer({parameters, exact.state}, x, expected);
      EXPECT_LT(test::relative_distance(y, expected), 4 * u) << label;
      EXPECT_GT(test::relative_distance(y, expected), u / 40) << label;
    }
  }
}

// With operands rounded beforehand nothing is left but float32 sums: much closer than bf16 is to
// float32, so that sums in lower precision would be found, and float32 in bf16's name.
TEST(Precision, SumsAreFloat32) {
  NetworkShape shape{40, {}, 24, Activation::relu, Activation::identity};
  Inputs in(shape, 100);
  const LayerLayout& at = in.layout.layers[0];
  Inputs low = in;
  for (auto* values : {&low.x, &low.dy}) {
    for (float& v : *values) {
      v = static_cast<float>(rounded(static_cast<double>(v)));
    }
  }
  for (std::size_t i = at.weights; i < at.biases; ++i) {
    low.parameters[i] = static_cast<float>(rounded(static_cast<double>(in.parameters[i])));
  }
  const auto distance_in_bounds = [&](Precision precision) {
    shape.precision = precision;
    const test::Passes got = compute(shape, in);
    double worst = 0;
    const auto compare = [&](const float* values, const Matrix& a, const Matrix& b,
                             const float* bias) {
      for (std::size_t i = 0; i < a.rows; ++i) {
        for (std::size_t j = 0; j < b.columns; ++j) {
          double sum = bias == nullptr ? 0 : static_cast<double>(bias[j]);
          double magnitude = std::abs(sum);
          for (std::size_t p = 0; p < a.columns; ++p) {
            const double term = a.value[i * a.columns + p] * b.value[p * b.columns + j];
            sum += term;
            magnitude += std::abs(term);
          }
          const double off = std::abs(static_cast<double>(values[i * b.columns + j]) - sum);
          worst = std::max(worst, off / (gamma(a.columns) * magnitude));
        }
      }
    };
    const Matrix x(in.rows, at.inputs, low.x.data());
    const Matrix w(at.inputs, at.outputs, &low.parameters[at.weights]);
    const Matrix dy(in.rows, at.outputs, low.dy.data());
    compare(got.y.data(), x, w, &in.parameters[at.biases]);
    compare(&got.gradient[at.weights], x.transposed(), dy, nullptr);
    return worst;
  };
  for (const Precision precision : precisions()) {
    EXPECT_LE(distance_in_bounds(precision), 1) << name(precision);
  }
  EXPECT_GT(distance_in_bounds(Precision::float32), 10);
}

}  // namespace
}  // namespace twostep
