// Everything that decides how one network is built and trained, with every range already resolved
// to a value. It is what a Point means; trainers know this and not the search space.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace twostep {

enum class Activation {
  identity,
  relu,
  leaky_relu,
  elu,
  gelu,
  silu,
  tanh,
  sigmoid,
  softplus,
  selu,
  softmax  // of the output layer only: over the outputs of a row
};
enum class Loss {
  mse,
  mae,
  huber,
  log_cosh,
  quantile,
  binary_cross_entropy,
  categorical_cross_entropy
};
// Normalisation of a hidden layer, between its product and its activation.
enum class Norm { none, batch, layer };
// How the widths of the hidden layers follow from one width.
enum class WidthRule { free, constant, pyramid, bottleneck };
enum class OptimizerKind { sgd, adam, adamw, nadam, radam, rmsprop, lion };
enum class ScheduleKind {
  constant,
  cosine,
  linear,
  step,
  exponential,
  one_cycle,
  cyclic,
  reduce_on_plateau
};
// Of the operands of matrix products; weights, sums and all else are float32. bf16_emulated rounds
// as bf16 does, and computes in float32, on any processor.
enum class Precision { float32, bf16, bf16_emulated };
enum class Initialisation {
  automatic,
  he_normal,
  he_uniform,
  glorot_normal,
  glorot_uniform,
  lecun_normal,
  lecun_uniform,
  orthogonal
};

struct ModelSettings {
  std::vector<std::uint32_t> widths;  // one per hidden layer; empty: a linear model
  Activation activation = Activation::relu;
  Activation output_activation = Activation::identity;
  Initialisation initialisation =
      Initialisation::automatic;  // lecun for the relu family and selu, else glorot
  Norm norm = Norm::none;
  std::vector<double> dropout;  // probability, one per hidden layer
  double input_noise = 0;       // deviation, in units of the normalised inputs
  bool residual = false;  // hidden layers after the first: add the input where widths are equal
  friend bool operator==(const ModelSettings&, const ModelSettings&) = default;
};

struct TrainingSettings {
  Loss loss = Loss::mse;
  double huber_delta = 1;  // huber: where the parabola ends, in normalised units
  double quantile = 0.5;   // quantile: which one
  OptimizerKind optimizer = OptimizerKind::adam;
  double learning_rate = 1e-3;
  double momentum = 0.9;  // sgd
  bool nesterov = false;  // sgd
  double beta1 = 0.9;     // adam and its kin, lion
  double beta2 = 0.999;   // adam and its kin, lion
  double rho = 0.99;      // rmsprop
  double epsilon = 1e-8;  // adam and its kin, rmsprop
  // L2 added to the gradient; adamw, lion: decoupled. Biases are not decayed.
  double weight_decay = 0;
  double l1 = 0;         // added to the gradient as l1 sign(w); not of biases
  double clip_norm = 0;  // longest gradient over all parameters, before decay; 0: any
  ScheduleKind schedule = ScheduleKind::constant;
  double schedule_factor = 0.1;      // step, exponential, cyclic, reduce_on_plateau
  std::uint32_t schedule_count = 3;  // step: drops; cyclic: cycles; reduce_on_plateau: validations
  double warmup = 0;  // fraction of the budget's steps with a linearly rising learning rate
  std::uint32_t batch_size = 256;
  Precision precision = Precision::float32;
  friend bool operator==(const TrainingSettings&, const TrainingSettings&) = default;
};

struct Hyperparameters {
  ModelSettings model;
  TrainingSettings training;
  friend bool operator==(const Hyperparameters&, const Hyperparameters&) = default;
};

// Names as written in study files; parse_* return false for an unknown name.
[[nodiscard]] const char* name(Activation);
[[nodiscard]] const char* name(Norm);
[[nodiscard]] const char* name(WidthRule);
[[nodiscard]] const char* name(Loss);
[[nodiscard]] const char* name(OptimizerKind);
[[nodiscard]] const char* name(ScheduleKind);
[[nodiscard]] const char* name(Initialisation);
[[nodiscard]] const char* name(Precision);
[[nodiscard]] bool parse_name(const std::string& text, Activation& out);
[[nodiscard]] bool parse_name(const std::string& text, Norm& out);
[[nodiscard]] bool parse_name(const std::string& text, WidthRule& out);
[[nodiscard]] bool parse_name(const std::string& text, Loss& out);
[[nodiscard]] bool parse_name(const std::string& text, OptimizerKind& out);
[[nodiscard]] bool parse_name(const std::string& text, ScheduleKind& out);
[[nodiscard]] bool parse_name(const std::string& text, Initialisation& out);
[[nodiscard]] bool parse_name(const std::string& text, Precision& out);
[[nodiscard]] std::vector<std::string> activation_names();  // of hidden layers
[[nodiscard]] std::vector<std::string> output_activation_names();
[[nodiscard]] std::vector<std::string> norm_names();
[[nodiscard]] std::vector<std::string> width_rule_names();
[[nodiscard]] std::vector<std::string> loss_names();
[[nodiscard]] std::vector<std::string> optimizer_names();
[[nodiscard]] std::vector<std::string> schedule_names();
[[nodiscard]] std::vector<std::string> initialisation_names();
[[nodiscard]] std::vector<std::string> precision_names();

// Widths of `layers` hidden layers by a rule; the last of a pyramid and the middle of a bottleneck
// is `taper` times the first. Geometric in between, rounded, at least 1. free: like constant.
[[nodiscard]] std::vector<std::uint32_t> ruled_widths(WidthRule rule, std::uint32_t layers,
                                                      std::uint32_t width, double taper);

// Number of trainable parameters of the network with these inputs and outputs.
[[nodiscard]] std::uint64_t parameter_count(const ModelSettings& model, std::uint64_t inputs,
                                            std::uint64_t outputs);

}  // namespace twostep
