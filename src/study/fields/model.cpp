#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_model(Rows& t) {
  using T = FieldType;
  t.push_back(example(tunable(plain("model.layers", T::integer, "", "2", 0, 100,
                                    "Number of hidden layers; 0: a linear model.", nullptr)),
                      "{int: [1, 6]}"));
  t.push_back(example(
      tunable(plain(
          "model.width", T::integer, "", "64", 1, 65536,
          "Width of the hidden layers; with `per: layer` each layer has its own, which exists "
          "only where the layer does. A list of numbers gives all widths (and the layers).",
          nullptr)),
      "{int: [8, 256], log: true, per: layer}"));
  t.push_back(tunable(choice(
      "model.shape", width_rule_names(), "free",
      "Widths from one width: constant; pyramid: geometrically to `taper` times the width at the "
      "last layer; bottleneck: to `taper` times the width in the middle and back. free: as "
      "model.width says, each layer its own with `per: layer` or a list, else all the same.",
      nullptr)));
  t.push_back(tunable(plain("model.taper", T::real, "", "0.25", 0.001, 1000,
                            "See model.shape; above 1 the layers widen.", nullptr)));
  t.push_back(example(tunable(choice("model.activation", activation_names(), "relu",
                                     "Activation of the hidden layers.", nullptr)),
                      "{choice: [relu, tanh, gelu]}"));
  t.push_back(tunable(choice("model.output_activation", output_activation_names(), "identity",
                             "Activation of the output layer; softmax: over the targets of a row, "
                             "which are fractions of one whole.",
                             nullptr)));
  t.push_back(tunable(
      choice("model.initialisation", initialisation_names(), "automatic",
             "Distribution of the initial weights; automatic: lecun_uniform for the relu family, "
             "lecun_normal for selu, else glorot_uniform.",
             nullptr)));
  t.push_back(tunable(choice(
      "model.norm", norm_names(), "none",
      "Normalisation of the hidden layers before their activation: over the rows of the global "
      "batch (running statistics later), or over the units of each row.",
      nullptr)));
  t.push_back(tunable(plain("model.dropout", T::real, "", "0", 0, 0.95,
                            "Probability that a unit of a hidden layer is dropped in a step; with "
                            "`per: layer` each layer has its own.",
                            nullptr)));
  t.push_back(tunable(plain("model.input_noise", T::real, "", "0", 0, 100,
                            "Deviation of normal noise that is added to the normalised inputs "
                            "while training.",
                            nullptr)));
  t.push_back(tunable(plain("model.residual", T::boolean, "", "false", 0, 1,
                            "Add a hidden layer's input to its output, in every hidden layer but "
                            "the first that is as wide as the one before it.",
                            nullptr)));
}

}  // namespace twostep::field_rows
