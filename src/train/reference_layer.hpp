// One layer of the reference engine: the formulas, in doubles, without thought of speed.
#pragma once

#include <vector>

#include "twostep/ports/mlp_layout.hpp"

namespace twostep {

class ReferenceLayer {
 public:
  ReferenceLayer(const NetworkShape& shape, std::size_t index, std::size_t rows);

  // in: [rows, inputs]. batch: of a training pass, which moves `running`; nullptr: inference.
  void forward(std::span<const float> parameters, std::span<const float> running,
               std::span<float> moved, const std::vector<double>& in, const BatchContext* batch);
  // out: dLoss/dout; returns dLoss/din and writes the layer's part of the gradient.
  [[nodiscard]] std::vector<double> backward(std::span<const float> parameters,
                                             const std::vector<double>& in,
                                             const std::vector<double>& out,
                                             std::span<float> gradient, const BatchContext& batch);
  [[nodiscard]] const std::vector<double>& output() const { return output_; }

 private:
  LayerLayout at_;
  std::size_t index_;
  std::size_t rows_;
  Activation activation_;
  Norm norm_;
  std::vector<double> normalised_;  // (z - mean) / deviation, z = in W
  std::vector<double> inverse_;     // 1 / deviation, of z's columns or (layer norm) rows
  std::vector<double> before_;      // what the activation is of
  std::vector<double> after_;       // act(before), softmax included
  std::vector<double> mask_;        // 0 or 1 / (1 - p); empty: nothing is dropped
  std::vector<double> output_;

  void normalise_columns(std::span<const float> running, std::span<float> moved,
                         const BatchContext* batch);
  void normalise_rows();
  void activate_all();
  void draw_mask(const BatchContext& batch);
  void slope_of_activation(std::vector<double>& delta) const;
  void slope_of_norm(std::vector<double>& delta, std::span<const float> parameters,
                     std::span<float> gradient, const BatchContext& batch) const;
};

}  // namespace twostep
