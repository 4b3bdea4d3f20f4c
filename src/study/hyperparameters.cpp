#include "twostep/study/hyperparameters.hpp"

#include <algorithm>
#include <cmath>

#include "study/names.hpp"

namespace twostep {
namespace {

const std::vector<std::string> activations{"identity", "relu", "leaky_relu", "elu",
                                           "gelu",     "silu", "tanh",       "sigmoid",
                                           "softplus", "selu", "softmax"};
const std::vector<std::string> norms{"none", "batch", "layer"};
const std::vector<std::string> width_rules{"free", "constant", "pyramid", "bottleneck"};
const std::vector<std::string> losses{"mse",
                                      "mae",
                                      "huber",
                                      "log_cosh",
                                      "quantile",
                                      "binary_cross_entropy",
                                      "categorical_cross_entropy"};
const std::vector<std::string> optimizers{"sgd",   "adam",    "adamw", "nadam",
                                          "radam", "rmsprop", "lion"};
const std::vector<std::string> schedules{"constant",    "cosine",    "linear", "step",
                                         "exponential", "one_cycle", "cyclic", "reduce_on_plateau"};
const std::vector<std::string> initialisations{"automatic",     "he_normal",      "he_uniform",
                                               "glorot_normal", "glorot_uniform", "lecun_normal",
                                               "lecun_uniform", "orthogonal"};

const std::vector<std::string> precisions{"float32", "bf16", "bf16_emulated"};

}  // namespace

const char* name(Activation v) {
  return name_of(activations, v);
}
const char* name(Norm v) {
  return name_of(norms, v);
}
const char* name(WidthRule v) {
  return name_of(width_rules, v);
}
const char* name(Loss v) {
  return name_of(losses, v);
}
const char* name(OptimizerKind v) {
  return name_of(optimizers, v);
}
const char* name(ScheduleKind v) {
  return name_of(schedules, v);
}
const char* name(Initialisation v) {
  return name_of(initialisations, v);
}
const char* name(Precision v) {
  return name_of(precisions, v);
}
bool parse_name(const std::string& text, Activation& out) {
  return value_of(activations, text, out);
}
bool parse_name(const std::string& text, Norm& out) {
  return value_of(norms, text, out);
}
bool parse_name(const std::string& text, WidthRule& out) {
  return value_of(width_rules, text, out);
}
bool parse_name(const std::string& text, Loss& out) {
  return value_of(losses, text, out);
}
bool parse_name(const std::string& text, OptimizerKind& out) {
  return value_of(optimizers, text, out);
}
bool parse_name(const std::string& text, ScheduleKind& out) {
  return value_of(schedules, text, out);
}
bool parse_name(const std::string& text, Initialisation& out) {
  return value_of(initialisations, text, out);
}
bool parse_name(const std::string& text, Precision& out) {
  return value_of(precisions, text, out);
}
std::vector<std::string> activation_names() {
  return {activations.begin(), activations.end() - 1};
}
std::vector<std::string> output_activation_names() {
  return activations;
}
std::vector<std::string> norm_names() {
  return norms;
}
std::vector<std::string> width_rule_names() {
  return width_rules;
}
std::vector<std::string> loss_names() {
  return losses;
}
std::vector<std::string> optimizer_names() {
  return optimizers;
}
std::vector<std::string> schedule_names() {
  return schedules;
}
std::vector<std::string> initialisation_names() {
  return initialisations;
}

std::vector<std::string> precision_names() {
  return precisions;
}

std::vector<std::uint32_t> ruled_widths(WidthRule rule, std::uint32_t layers, std::uint32_t width,
                                        double taper) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t l = 0; l < layers; ++l) {
    const double along = layers > 1 ? static_cast<double>(l) / (layers - 1) : 0;
    const double part = rule == WidthRule::pyramid      ? along
                        : rule == WidthRule::bottleneck ? 1 - std::abs(2 * along - 1)
                                                        : 0;
    const double ideal = std::round(width * std::pow(taper, part));
    out.push_back(static_cast<std::uint32_t>(std::clamp(ideal, 1.0, 65536.0)));
  }
  return out;
}

std::uint64_t parameter_count(const ModelSettings& model, std::uint64_t inputs,
                              std::uint64_t outputs) {
  std::uint64_t count = 0;
  std::uint64_t from = inputs;
  const std::uint64_t per_unit = model.norm == Norm::none ? 1 : 2;  // shift, and gain of a norm
  for (const std::uint32_t width : model.widths) {
    count += (from + per_unit) * width;
    from = width;
  }
  return count + (from + 1) * outputs;
}

}  // namespace twostep
