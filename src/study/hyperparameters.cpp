#include "twostep/study/hyperparameters.hpp"

#include "study/names.hpp"

namespace twostep {
namespace {

const std::vector<std::string> activations{"identity", "relu", "leaky_relu", "elu",      "gelu",
                                           "silu",     "tanh", "sigmoid",    "softplus", "selu"};
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

}  // namespace

const char* name(Activation v) {
  return name_of(activations, v);
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
bool parse_name(const std::string& text, Activation& out) {
  return value_of(activations, text, out);
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
std::vector<std::string> activation_names() {
  return activations;
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

std::uint64_t parameter_count(const ModelSettings& model, std::uint64_t inputs,
                              std::uint64_t outputs) {
  std::uint64_t count = 0;
  std::uint64_t from = inputs;
  for (const std::uint32_t width : model.widths) {
    count += (from + 1) * width;
    from = width;
  }
  return count + (from + 1) * outputs;
}

}  // namespace twostep
