#include <algorithm>
#include <charconv>

#include "twostep/base/check.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {
namespace {

std::int64_t largest_integer(const Setting& setting) {
  if (!setting.range) {
    return std::get<std::int64_t>(setting.constant);
  }
  if (setting.range->kind != DimensionKind::choice) {
    return static_cast<std::int64_t>(setting.range->high);
  }
  std::int64_t largest = 0;
  for (const Value& value : setting.range->choices) {
    largest = std::max(largest, std::get<std::int64_t>(value));
  }
  return largest;
}

// A list of widths says how many there are.
std::int64_t largest_layers(const StudySpec& spec) {
  if (const auto* list = std::get_if<std::string>(&spec.setting("model.width").constant)) {
    return std::count(list->begin(), list->end(), '-') + 1;
  }
  return largest_integer(spec.setting("model.layers"));
}

std::string layer_name(const std::string& path, std::int64_t layer) {
  return path + "[" + std::to_string(layer) + "]";
}

void add_per_layer(const StudySpec& spec, const Setting& setting, Space& space) {
  const auto parent = space.find("model.layers");
  for (std::int64_t layer = 1; layer <= largest_layers(spec); ++layer) {
    Dimension dimension = *setting.range;
    dimension.name = layer_name(setting.path, layer);
    if (parent) {
      dimension.condition = Condition{*parent, {}, layer};
    }
    space.dimensions.push_back(std::move(dimension));
  }
}

// Whether a setting's dimension exists at all, and its condition; false while its parent is not yet
// in the space.
bool add_setting(const StudySpec& spec, const Setting& setting, Space& space) {
  Dimension dimension = *setting.range;
  if (setting.per_layer) {
    const Setting& layers = spec.setting("model.layers");
    if (layers.range && !space.find("model.layers")) {
      return false;
    }
    add_per_layer(spec, setting, space);
    return true;
  }
  if (!setting.when_path.empty()) {
    const Setting& parent = spec.setting(setting.when_path);
    if (!parent.range) {
      const auto& values = setting.when_any_of;
      if (std::find(values.begin(), values.end(), parent.constant) != values.end()) {
        space.dimensions.push_back(std::move(dimension));
      }
      return true;
    }
    const auto index = space.find(setting.when_path);
    if (!index) {
      return false;
    }
    dimension.condition = Condition{*index, setting.when_any_of, 0};
  }
  space.dimensions.push_back(std::move(dimension));
  return true;
}

Value value_of(const Space& space, const Point& point, const std::string& name,
               const Value& otherwise) {
  const auto index = space.find(name);
  return index && is_active(point.values.at(*index)) ? point.values[*index] : otherwise;
}

std::vector<std::uint32_t> parse_widths(const std::string& text) {
  std::vector<std::uint32_t> out;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    std::uint32_t v = 0;
    at = std::from_chars(at, end, v).ptr;
    out.push_back(v);
    at += at < end ? 1 : 0;
  }
  return out;
}

std::vector<std::uint32_t> resolve_widths(const StudySpec& spec, const Space& space,
                                          const Point& point) {
  const Setting& width = spec.setting("model.width");
  if (const auto* list = std::get_if<std::string>(&width.constant)) {
    return parse_widths(*list);
  }
  const Setting& layers = spec.setting("model.layers");
  const auto count = std::get<std::int64_t>(value_of(space, point, layers.path, layers.constant));
  WidthRule rule{};
  const Setting& shape = spec.setting("model.shape");
  TWOSTEP_CHECK(
      parse_name(std::get<std::string>(value_of(space, point, shape.path, shape.constant)), rule));
  if (!width.per_layer) {
    const Setting& taper = spec.setting("model.taper");
    return ruled_widths(rule, static_cast<std::uint32_t>(count),
                        static_cast<std::uint32_t>(std::get<std::int64_t>(
                            value_of(space, point, width.path, width.constant))),
                        std::get<double>(value_of(space, point, taper.path, taper.constant)));
  }
  std::vector<std::uint32_t> out;
  for (std::int64_t layer = 1; layer <= count; ++layer) {
    out.push_back(static_cast<std::uint32_t>(std::get<std::int64_t>(
        value_of(space, point, layer_name(width.path, layer), width.constant))));
  }
  return out;
}

// One probability per hidden layer; none at all where nothing is dropped.
std::vector<double> resolve_dropout(const StudySpec& spec, const Space& space, const Point& point,
                                    std::size_t layers) {
  const Setting& dropout = spec.setting("model.dropout");
  std::vector<double> out;
  for (std::size_t layer = 1; layer <= layers; ++layer) {
    const std::string name = dropout.per_layer
                                 ? layer_name(dropout.path, static_cast<std::int64_t>(layer))
                                 : dropout.path;
    out.push_back(std::get<double>(value_of(space, point, name, dropout.constant)));
  }
  const bool any = std::any_of(out.begin(), out.end(), [](double p) { return p > 0; });
  return any ? out : std::vector<double>{};
}

// The values of one point by option path.
class Resolver {
 public:
  Resolver(const StudySpec& spec, const Space& space, const Point& point)
      : spec_(spec), space_(space), point_(point) {}

  [[nodiscard]] Value value(const std::string& path) const {
    const Setting& setting = spec_.setting(path);
    return value_of(space_, point_, path, setting.constant);
  }
  [[nodiscard]] double real(const std::string& path) const { return std::get<double>(value(path)); }
  template <class Enum>
  void choice(const std::string& path, Enum& out) const {
    const bool known = parse_name(std::get<std::string>(value(path)), out);
    TWOSTEP_CHECK(known);
  }

 private:
  const StudySpec& spec_;
  const Space& space_;
  const Point& point_;
};

}  // namespace

const Setting& StudySpec::setting(const std::string& path) const {
  for (const auto* list : {&space, &settings}) {
    const auto found = std::find_if(list->begin(), list->end(),
                                    [&](const Setting& s) { return s.path == path; });
    if (found != list->end()) {
      return *found;
    }
  }
  TWOSTEP_REQUIRE(false);
  return settings.front();
}

Task StudySpec::task() const {
  const Setting& loss = setting("training.loss");
  const Value& any = loss.range ? loss.range->choices.at(0) : loss.constant;
  Loss kind{};
  TWOSTEP_CHECK(parse_name(std::get<std::string>(any), kind));
  return task_of(kind);  // check_spec refuses losses of several
}

Space make_space(const StudySpec& spec) {
  Space space;
  std::vector<const Setting*> waiting;
  for (const Setting& setting : spec.space.empty() ? spec.settings : spec.space) {
    if (setting.range) {
      waiting.push_back(&setting);
    }
  }
  while (!waiting.empty()) {
    std::vector<const Setting*> still;
    for (const Setting* setting : waiting) {
      if (!add_setting(spec, *setting, space)) {
        still.push_back(setting);
      }
    }
    TWOSTEP_CHECK(still.size() < waiting.size());  // check_spec refuses circles
    waiting = std::move(still);
  }
  return space;
}

Hyperparameters resolve(const StudySpec& spec, const Space& space, const Point& point) {
  TWOSTEP_REQUIRE(point.values.size() == space.dimensions.size());
  const Resolver r(spec, space, point);
  Hyperparameters out;
  out.model.widths = resolve_widths(spec, space, point);
  r.choice("model.activation", out.model.activation);
  r.choice("model.output_activation", out.model.output_activation);
  r.choice("model.initialisation", out.model.initialisation);
  r.choice("model.norm", out.model.norm);
  out.model.dropout = resolve_dropout(spec, space, point, out.model.widths.size());
  out.model.input_noise = r.real("model.input_noise");
  out.model.residual = std::get<bool>(r.value("model.residual"));
  r.choice("training.loss", out.training.loss);
  r.choice("training.optimizer", out.training.optimizer);
  r.choice("training.schedule", out.training.schedule);
  r.choice("training.precision", out.training.precision);
  out.training.learning_rate = r.real("training.learning_rate");
  out.training.momentum = r.real("training.momentum");
  out.training.nesterov = std::get<bool>(r.value("training.nesterov"));
  out.training.beta1 = r.real("training.beta1");
  out.training.beta2 = r.real("training.beta2");
  out.training.epsilon = r.real("training.epsilon");
  out.training.weight_decay = r.real("training.weight_decay");
  out.training.huber_delta = r.real("training.huber_delta");
  out.training.quantile = r.real("training.quantile");
  out.training.rho = r.real("training.rho");
  out.training.l1 = r.real("training.l1");
  out.training.clip_norm = r.real("training.clip_norm");
  out.training.schedule_factor = r.real("training.schedule_factor");
  out.training.schedule_count =
      static_cast<std::uint32_t>(std::get<std::int64_t>(r.value("training.schedule_count")));
  out.training.warmup = r.real("training.warmup");
  out.training.batch_size =
      static_cast<std::uint32_t>(std::get<std::int64_t>(r.value("training.batch_size")));
  return out;
}

}  // namespace twostep
