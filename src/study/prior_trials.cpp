#include "twostep/study/prior_trials.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "study/reader_context.hpp"
#include "twostep/study/configuration.hpp"

namespace twostep {
namespace {

ConfigNode scalar(const std::string& text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::scalar;
  node.scalar = text;
  return node;
}

bool same(const std::string& a, const std::string& b) {
  const auto x = parse_real(scalar(a));
  const auto y = parse_real(scalar(b));
  return x && y ? *x == *y : a == b;
}

// "model.width[3]" is of the setting model.width.
std::string path_of(const std::string& dimension) {
  return dimension.substr(0, dimension.find('['));
}

const Setting* setting_of(const StudySpec& spec, const std::string& dimension) {
  const auto& settings = spec.space.empty() ? spec.settings : spec.space;
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& s) { return s.path == path_of(dimension); });
  return found == settings.end() ? nullptr : &*found;
}

std::optional<std::string> constant_of(const StudySpec& spec, const std::string& dimension) {
  const Setting* setting = setting_of(spec, dimension);
  return setting == nullptr || setting->range ? std::nullopt
                                              : std::optional(to_text(setting->constant));
}

// Lines of cells; a cell in quotes may hold commas, line ends and doubled quotes.
std::vector<std::vector<std::string>> cells_of(const std::string& text) {
  std::vector<std::vector<std::string>> out;
  std::vector<std::string> row(1);
  bool quoted = false;
  const auto end_row = [&] {
    if (row.size() > 1 || !row.front().empty()) {
      out.push_back(std::move(row));
    }
    row.assign(1, "");
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      const bool doubled = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
      quoted = c != '"' || doubled;
      i += doubled ? 1 : 0;
      if (quoted) {
        row.back() += c;
      }
    } else if (c == '"' && row.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      row.back() += c;
    }
  }
  end_row();
  return out;
}

class Table {
 public:
  Table(const std::string& text, const std::string& source) : rows_(cells_of(text)) {
    if (rows_.size() < 2) {
      throw Error(ErrorKind::config, Problem{source, "no table of trials", "it has no two lines",
                                             "give a head line and a line per trial"});
    }
  }
  [[nodiscard]] std::size_t trials() const { return rows_.size() - 1; }
  [[nodiscard]] std::optional<std::size_t> column(const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
      const auto found = std::find(rows_.front().begin(), rows_.front().end(), name);
      if (found != rows_.front().end()) {
        return static_cast<std::size_t>(found - rows_.front().begin());
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> cell(std::size_t trial,
                                                std::optional<std::size_t> column) const {
    const auto& row = rows_[trial + 1];
    const bool there = column && *column < row.size() && !row[*column].empty();
    return there ? std::optional(row[*column]) : std::nullopt;
  }
  [[nodiscard]] double number(std::size_t trial, std::optional<std::size_t> column) const {
    const auto text = cell(trial, column);
    return (text ? parse_real(scalar(*text)) : std::nullopt).value_or(std::nan(""));
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

bool has_ended_well(std::string status) {
  std::transform(status.begin(), status.end(), status.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  status = status.substr(status.rfind('.') + 1);  // TrialState.COMPLETE
  return status == "finished" || status == "stopped" || status == "complete" || status == "pruned";
}

}  // namespace

std::optional<Point> point_of(const Space& space, const NamedText& value) {
  Point out;
  out.values.resize(space.dimensions.size());
  for (std::size_t i = 0; i < space.dimensions.size(); ++i) {
    if (!space.active(i, out)) {
      continue;
    }
    const auto text = value(space.dimensions[i].name);
    const auto fitted = text ? fit_value(space.dimensions[i], scalar(*text)) : std::nullopt;
    if (!fitted) {
      return std::nullopt;
    }
    out.values[i] = *fitted;
  }
  return out;
}

std::optional<Point> translate(const StudySpec& from, const Space& from_space, const Point& point,
                               const StudySpec& to, const Space& to_space) {
  for (std::size_t i = 0; i < from_space.dimensions.size(); ++i) {
    const std::string& name = from_space.dimensions[i].name;
    const auto fixed = to_space.find(name) ? std::nullopt : constant_of(to, name);
    if (fixed && is_active(point.values[i]) && !same(*fixed, to_text(point.values[i]))) {
      return std::nullopt;
    }
  }
  return point_of(to_space, [&](const std::string& name) -> std::optional<std::string> {
    const auto index = from_space.find(name);
    if (!index) {
      return constant_of(from, name);
    }
    const Value& value = point.values[*index];
    return is_active(value) ? std::optional(to_text(value)) : std::nullopt;
  });
}

WarmStarted read_trials_csv(const std::string& text, const std::string& source, const Space& space,
                            Metric objective) {
  const Table table(text, source);
  const auto value = table.column({"objective", "value"});
  if (!value) {
    throw Error(ErrorKind::config, Problem{source, "no column with the values of trials",
                                           "its head line has neither objective nor value", ""});
  }
  for (const Dimension& d : space.dimensions) {
    if (!d.condition && !table.column({d.name, "params_" + d.name})) {
      throw Error(ErrorKind::config, Problem{source, "no column for " + d.name,
                                             "every trial of this study has a value of it",
                                             "name it " + d.name + " or params_" + d.name});
    }
  }
  const auto status = table.column({"status", "state"});
  const auto parameters = table.column({"parameters"});
  const auto seconds = table.column({"train_seconds"});
  WarmStarted out{source, 0, {}};
  for (std::size_t i = 0; i < table.trials(); ++i) {
    const auto point = point_of(space, [&](const std::string& name) {
      return table.cell(i, table.column({name, "params_" + name}));
    });
    if (!point) {
      ++out.left_out;
      continue;
    }
    PriorTrial trial{*point, Outcome::finished, natural_value(objective, table.number(i, value)),
                     table.number(i, parameters), table.number(i, seconds)};
    if (!std::isfinite(trial.objective) ||
        (status && !has_ended_well(table.cell(i, status).value_or("")))) {
      trial.outcome = Outcome::failed;
      trial.objective = std::nan("");
    }
    out.trials.push_back(std::move(trial));
  }
  return out;
}

}  // namespace twostep
