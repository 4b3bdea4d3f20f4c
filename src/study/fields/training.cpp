#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_training(Rows& t) {
  using T = FieldType;
  t.push_back(tunable(
      choice("training.loss", loss_names(), "mse",
             "Loss to minimise, over normalised targets. Cross-entropies work on logits and "
             "apply the sigmoid or softmax themselves: the model predicts "
             "probabilities; see docs/losses.md.",
             nullptr)));
  t.push_back(tunable(plain("training.huber_delta", T::real, "", "1", tiny, 1e6,
                            "Loss huber: where the parabola becomes a line, in normalised units.",
                            nullptr)));
  t.push_back(tunable(plain("training.quantile", T::real, "", "0.5", 1e-6, 1 - 1e-6,
                            "Loss quantile: which one is predicted.", nullptr)));
  t.push_back(
      tunable(choice("training.optimizer", optimizer_names(), "adam", "Optimiser.", nullptr)));
  t.push_back(example(tunable(plain("training.learning_rate", T::real, "", "0.001", tiny, 1e3,
                                    "Learning rate at its highest.", nullptr)),
                      "{float: [1e-4, 1e-1], log: true}"));
  t.push_back(tunable(
      plain("training.momentum", T::real, "", "0.9", 0, 0.9999, "Momentum of sgd.", nullptr)));
  t.push_back(tunable(plain("training.nesterov", T::boolean, "", "false", 0, 1,
                            "Nesterov's momentum in sgd.", nullptr)));
  t.push_back(tunable(plain("training.beta1", T::real, "", "0.9", 0, 0.999999,
                            "Decay of the first moment of adam and its kin; of lion's direction.",
                            nullptr)));
  t.push_back(
      tunable(plain("training.beta2", T::real, "", "0.999", 0, 0.9999999,
                    "Decay of the second moment of adam and its kin; of lion's memory (0.99 "
                    "is usual there).",
                    nullptr)));
  t.push_back(tunable(plain("training.rho", T::real, "", "0.99", 0, 0.9999999,
                            "Decay of rmsprop's mean square.", nullptr)));
  t.push_back(
      tunable(plain("training.epsilon", T::real, "", "1e-08", tiny, 1,
                    "Offset of the denominator of adam and its kin and of rmsprop.", nullptr)));
  t.push_back(tunable(plain("training.weight_decay", T::real, "", "0", 0, 10,
                            "Weight decay: added to the gradient, or decoupled (adamw, lion); "
                            "biases are left alone.",
                            nullptr)));
  t.push_back(tunable(plain("training.l1", T::real, "", "0", 0, 10,
                            "L1 penalty: its sign is added to the gradient; biases are left alone.",
                            nullptr)));
  t.push_back(tunable(plain("training.clip_norm", T::real, "", "0", 0, 1e6,
                            "Longest gradient, as its norm over all parameters and before decay; "
                            "0: any.",
                            nullptr)));
  t.push_back(tunable(choice(
      "training.schedule", schedule_names(), "constant",
      "Course of the learning rate over the whole budget in optimiser steps: cosine and linear end "
      "at 0; step drops schedule_count times by schedule_factor; exponential ends at "
      "schedule_factor; one_cycle rises for 30 % and falls to nothing; cyclic swings between "
      "schedule_factor and 1, schedule_count times; reduce_on_plateau multiplies by "
      "schedule_factor "
      "after schedule_count validations without improvement: of all schedules the one that goes by "
      "validations, which are rarer in steps on more rows.",
      nullptr)));
  t.push_back(tunable(plain("training.schedule_factor", T::real, "", "0.1", tiny, 1,
                            "See training.schedule.", nullptr)));
  t.push_back(tunable(plain("training.schedule_count", T::integer, "", "3", 1, 1000,
                            "See training.schedule.", nullptr)));
  t.push_back(tunable(
      plain("training.warmup", T::real, "", "0", 0, 1,
            "Fraction of the budget's steps in which the learning rate rises linearly.", nullptr)));
  t.push_back(example(tunable(plain("training.batch_size", T::integer, "rows", "256", 1, max_u32,
                                    "Rows per optimiser step, over the whole team.", nullptr)),
                      "{choice: [64, 128, 256]}"));
  t.push_back(tunable(choice(
      "training.precision", precision_names(), "float32",
      "Of the operands of matrix products; weights and sums are float32. bf16 needs a processor "
      "with it, and is about twice as fast for wide layers; bf16_emulated gives its rounding "
      "anywhere, slower than float32.",
      nullptr)));
  t.push_back(plain("training.threads", T::integer, "threads", "1", 1, 1024,
                    "Threads of each rank in the matrix products of a training; worth it for wide "
                    "layers and large batches alone, else more ranks are. Another number may "
                    "change results by rounding.",
                    [](StudySpec& s) -> Slot { return &s.threads; }));
}

}  // namespace twostep::field_rows
