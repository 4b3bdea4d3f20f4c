#include <algorithm>
#include <cmath>
#include <limits>

#include "study/reader_context.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

bool may_be(const Setting& setting, const Value& value) {
  if (!setting.range) {
    return setting.constant == value;
  }
  const auto& choices = setting.range->choices;
  return std::find(choices.begin(), choices.end(), value) != choices.end();
}

bool may_be(const Setting& setting, const char* choice) {
  return may_be(setting, Value(std::string(choice)));
}

double number(const Value& value) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  return whole ? static_cast<double>(*whole) : std::get<double>(value);
}

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

// The smallest and the largest value that a number may take; of a list of widths, its own.
Extent extent(const Setting& setting) {
  Extent out;
  if (const auto* list = std::get_if<std::string>(&setting.constant)) {
    for (std::size_t at = 0; at < list->size();
         at = std::min(list->size(), list->find('-', at)) + 1) {
      out.include(std::stod(list->substr(at)));
    }
  } else if (!setting.range) {
    out.include(number(setting.constant));
  } else if (setting.range->kind == DimensionKind::choice) {
    for (const Value& value : setting.range->choices) {
      out.include(number(value));
    }
  } else {
    out.include(setting.range->low);
    out.include(setting.range->high);
  }
  return out;
}

bool tapers(const Setting& shape) {
  return may_be(shape, "pyramid") || may_be(shape, "bottleneck");
}

void check_shape(ReaderContext& c) {
  const Setting& shape = c.spec.setting("model.shape");
  const Setting& width = c.spec.setting("model.width");
  const bool ruled = tapers(shape) || may_be(shape, "constant");
  if (ruled && width.per_layer) {
    c.problem(shape.where, "model.shape and a width for each layer",
              "a rule makes all widths from one, and model.width gives them one by one",
              "leave out model.shape, or give model.width one number or range");
  }
  const Setting& dropout = c.spec.setting("model.dropout");
  if (dropout.per_layer && !dropout.when_path.empty()) {
    c.problem(dropout.where, "model.dropout: `per: layer` and `when` together",
              "a dimension has one condition at most", "leave out `when`");
  }
}

void check_norm(ReaderContext& c) {
  const Setting& norm = c.spec.setting("model.norm");
  if (may_be(norm, "batch") && extent(c.spec.setting("training.batch_size")).low <= 1) {
    c.problem(norm.where, "model.norm: batch with batches of one row",
              "training.batch_size can be 1, and one row has no variance",
              "raise training.batch_size, or use layer");
  }
  if (may_be(norm, "batch") && c.spec.retraining.reproducible) {
    c.problem(norm.where, "model.norm: batch with retraining.reproducible",
              "its statistics are those of the whole batch, and a reproducible team computes "
              "each micro-batch by itself",
              "use layer, or leave out retraining.reproducible");
  }
  const Setting& shape = c.spec.setting("model.shape");
  const double taper = tapers(shape) ? std::min(1.0, extent(c.spec.setting("model.taper")).low) : 1;
  const bool hidden = extent(c.spec.setting("model.layers")).high > 0;
  if (may_be(norm, "layer") && hidden &&
      std::round(taper * extent(c.spec.setting("model.width")).low) <= 1) {
    c.problem(norm.where, "model.norm: layer with a layer of one unit",
              "it sets a single unit to 0, whatever the inputs are",
              "make model.width at least 2, or use batch");
  }
}

// Whether no configuration can have two neighbouring hidden layers of equal width.
bool never_equal(const StudySpec& spec) {
  const Setting& width = spec.setting("model.width");
  if (const auto* list = std::get_if<std::string>(&width.constant)) {
    std::string before;
    for (std::size_t at = 0; at < list->size();) {
      const std::size_t end = std::min(list->size(), list->find('-', at));
      const std::string here = list->substr(at, end - at);
      if (here == before) {
        return false;
      }
      before = here;
      at = end + 1;
    }
    return true;
  }
  const Setting& layers = spec.setting("model.layers");
  if (extent(layers).high < 2) {
    return true;
  }
  const Setting& shape = spec.setting("model.shape");
  const Setting& taper = spec.setting("model.taper");
  if (width.range || layers.range || shape.range || taper.range) {
    return false;
  }
  WidthRule rule{};
  const auto* text = std::get_if<std::string>(&shape.constant);
  if (text == nullptr || !parse_name(*text, rule)) {
    return false;
  }
  const auto widths =
      ruled_widths(rule, static_cast<std::uint32_t>(number(layers.constant)),
                   static_cast<std::uint32_t>(number(width.constant)), number(taper.constant));
  return std::adjacent_find(widths.begin(), widths.end()) == widths.end();
}

void check_residual(ReaderContext& c) {
  const Setting& residual = c.spec.setting("model.residual");
  if (may_be(residual, Value(true)) && never_equal(c.spec)) {
    c.problem(residual.where, "model.residual without neighbouring hidden layers of equal width",
              "only where input and output are equally wide can one be added to the other",
              "give two or more hidden layers one width, or leave it out");
  }
}

void check_softmax(ReaderContext& c) {
  const Setting& output = c.spec.setting("model.output_activation");
  if (may_be(output, "softmax") && c.spec.data.normalise_targets != Normalisation::none) {
    c.problem(output.where, "model.output_activation: softmax with scaled targets",
              "its outputs are fractions of one whole, and scaled targets are not",
              "set data.normalise.targets to none, or use identity");
  }
}

}  // namespace

void check_model(ReaderContext& context) {
  if (context.spec.settings.empty()) {
    return;
  }
  check_shape(context);
  check_norm(context);
  check_residual(context);
  check_softmax(context);
}

void check_target_columns(const StudySpec& spec, std::uint64_t columns) {
  const Setting& output = spec.setting("model.output_activation");
  if (columns == 1 && may_be(output, "softmax")) {
    throw Error(ErrorKind::config,
                Problem{output.where, "model.output_activation: softmax of one target",
                        "one fraction of one whole is always 1",
                        "give two or more target columns, or use sigmoid"});
  }
}

}  // namespace twostep
