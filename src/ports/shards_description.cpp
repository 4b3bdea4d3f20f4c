#include "twostep/ports/shards_description.hpp"

#include <algorithm>

namespace twostep {
namespace {

constexpr std::size_t most_listed = 20;

}  // namespace

void ShardsDescription::encode(ByteWriter& writer) const {
  writer.u64(variables.size());
  for (const VariableInfo& v : variables) {
    writer.text(v.name);
    writer.u64(v.columns);
    writer.text(v.type);
    writer.u64(v.element_bytes);
    writer.u64(v.labels.size());
    for (const std::string& label : v.labels) {
      writer.text(label);
    }
  }
  writer.u64(shards.size());
  for (const ShardInfo& s : shards) {
    writer.text(s.path);
    writer.u64(s.rows);
    writer.u64(s.chunk_rows);
    writer.u64(s.dimensions.size());
    for (const RowDimension& d : s.dimensions) {
      writer.text(d.name);
      writer.u64(d.size);
    }
  }
}

ShardsDescription ShardsDescription::decode(ByteReader& reader) {
  ShardsDescription out;
  out.variables.resize(reader.count(8));
  for (VariableInfo& v : out.variables) {
    v.name = reader.text();
    v.columns = reader.u64();
    v.type = reader.text();
    v.element_bytes = reader.u64();
    v.labels.resize(reader.count(8));
    for (std::string& label : v.labels) {
      label = reader.text();
    }
  }
  out.shards.resize(reader.count(8));
  for (ShardInfo& s : out.shards) {
    s.path = reader.text();
    s.rows = reader.u64();
    s.chunk_rows = reader.u64();
    s.dimensions.resize(reader.count(8));
    for (RowDimension& d : s.dimensions) {
      d.name = reader.text();
      d.size = reader.u64();
    }
  }
  return out;
}

std::vector<std::uint64_t> row_sizes_of(const ShardInfo& shard) {
  if (shard.dimensions.empty()) {
    return {shard.rows};
  }
  std::vector<std::uint64_t> out;
  for (const RowDimension& d : shard.dimensions) {
    out.push_back(d.size);
  }
  return out;
}

void ShardsDescriber::begin(const std::string& path) {
  path_ = path;
  found_.clear();
}

void ShardsDescriber::note(const Error& error) {
  problems_.insert(problems_.end(), error.problems().begin(), error.problems().end());
}

void ShardsDescriber::problem(const std::string& where, const std::string& what,
                              const std::string& why, const std::string& hint) {
  problems_.push_back({where, what, why, hint});
}

std::string ShardsDescriber::place(std::size_t variable) const {
  return path_ + ":" + request_.variables[variable].name;
}

void ShardsDescriber::add(std::size_t variable, const ArrayShape& shape,
                          const ArrayStorage& storage, const std::string& type) {
  found_.push_back({variable, shape, storage, type, {}});
}

// A misspelt row dimension is one mistake, not one of every variable.
bool ShardsDescriber::rows_are_known() {
  std::vector<std::string> names;
  for (const Found& f : found_) {
    const VariableSpec& spec = request_.variables.at(f.variable);
    const auto& own = spec.dimensions.empty() ? f.shape.names : spec.dimensions;
    names.insert(names.end(), own.begin(), own.end());
    if (own.empty() || std::count(own.begin(), own.end(), "") > 0) {
      return true;  // the rule for variables without names decides
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "" : ", ") + name;
  }
  const std::size_t before = problems_.size();
  for (const std::string& row : request_.rows) {
    if (std::find(names.begin(), names.end(), row) == names.end()) {
      const std::string near = nearest(row, names);
      const std::string where = request_.rows_where.empty() ? "" : " (" + request_.rows_where + ")";
      problem(path_, "no variable has the row dimension " + row + where,
              "the dimensions of the variables are " + list,
              near.empty() ? "correct data.rows" : "did you mean " + near + "?");
    }
  }
  return problems_.size() == before;
}

void ShardsDescriber::make_layouts() {
  std::vector<Found> good;
  for (Found& f : found_) {
    try {
      f.layout = make_table_layout(place(f.variable), request_.rows, request_.variables[f.variable],
                                   f.shape);
      good.push_back(std::move(f));
    } catch (const Error& error) {
      note(error);
    }
  }
  found_ = std::move(good);
}

// The sizes of the row dimensions, on which all variables of a file must agree.
std::optional<std::vector<std::uint64_t>> ShardsDescriber::agree_on_rows() {
  const std::size_t dimensions = std::max<std::size_t>(1, request_.rows.size());
  std::vector<std::uint64_t> sizes(dimensions, 0);
  std::vector<const Found*> first(dimensions, nullptr);
  const std::size_t before = problems_.size();
  for (const Found& f : found_) {
    for (const TableAxis& axis : f.layout.axes) {
      if (axis.row == TableAxis::no_row) {
        continue;
      }
      if (first[axis.row] == nullptr) {
        first[axis.row] = &f;
        sizes[axis.row] = axis.size;
      } else if (sizes[axis.row] != axis.size) {
        const std::string& other = request_.variables[first[axis.row]->variable].name;
        const std::string unit =
            request_.rows.empty() ? " rows" : " places along " + request_.rows[axis.row];
        problem(place(f.variable), "its shape " + f.shape.text() + " does not fit",
                other + " of the same file has " + std::to_string(sizes[axis.row]) + unit, "");
        break;
      }
    }
  }
  for (std::size_t d = 0; d < request_.rows.size(); ++d) {
    if (first[d] == nullptr && found_.size() == request_.variables.size()) {
      problem(path_, "no variable has the row dimension " + request_.rows[d],
              "its size would not be known", "correct data.rows");
    }
  }
  if (problems_.size() != before || found_.size() != request_.variables.size()) {
    return std::nullopt;
  }
  return sizes;
}

void ShardsDescriber::end() {
  const bool complete = found_.size() == request_.variables.size();
  std::optional<std::vector<std::uint64_t>> sizes;
  if (!complete || rows_are_known()) {
    make_layouts();
    sizes = agree_on_rows();
  }
  ShardInfo shard{path_, 0, 0, {}};
  if (!sizes) {
    out_.shards.push_back(shard);
    return;
  }
  std::uint64_t rows = 1;
  for (std::size_t d = 0; d < sizes->size(); ++d) {
    if (rows > 0 && (*sizes)[d] > (std::uint64_t{1} << 53) / rows) {
      problem(path_, "more rows than can be counted", "", "");
      return;
    }
    rows *= (*sizes)[d];
    if (!request_.rows.empty()) {
      shard.dimensions.push_back({request_.rows[d], (*sizes)[d]});
    }
  }
  shard.rows = rows;
  std::vector<VariableInfo> variables;
  for (Found& f : found_) {
    f.layout.row_sizes = *sizes;
    variables.push_back({request_.variables[f.variable].name, f.layout.columns, f.type,
                         f.storage.element_bytes, f.layout.labels});
    shard.chunk_rows =
        std::max(shard.chunk_rows, TableReader(std::move(f.layout), f.storage).chunk_rows());
  }
  compare(shard, variables);
  out_.shards.push_back(std::move(shard));
}

void ShardsDescriber::compare(const ShardInfo& shard, const std::vector<VariableInfo>& variables) {
  if (out_.variables.empty()) {
    out_.variables = variables;
    return;
  }
  const auto whole = std::find_if(out_.shards.begin(), out_.shards.end(), [&](const ShardInfo& s) {
    return s.dimensions.size() == shard.dimensions.size();
  });
  for (std::size_t d = 1; whole != out_.shards.end() && d < shard.dimensions.size(); ++d) {
    if (shard.dimensions[d].size != whole->dimensions[d].size) {
      problem(shard.path,
              "its dimension " + shard.dimensions[d].name + " has " +
                  std::to_string(shard.dimensions[d].size) + " places",
              "in " + whole->path + " it has " + std::to_string(whole->dimensions[d].size),
              "files are laid end to end along " + shard.dimensions[0].name +
                  "; in all else they must agree");
    }
  }
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (variables[i].columns != out_.variables[i].columns) {
      problem(
          shard.path + ":" + variables[i].name,
          "it has " + std::to_string(variables[i].columns) + " columns",
          "in " + out_.shards.front().path + " it has " + std::to_string(out_.variables[i].columns),
          "all files of a study hold the same variables");
    }
  }
}

ShardsDescription ShardsDescriber::take() {
  if (problems_.size() > most_listed) {
    const std::size_t more = problems_.size() - most_listed;
    problems_.resize(most_listed);
    problems_.push_back({"", std::to_string(more) + " more problems of this kind", "", ""});
  }
  if (!problems_.empty()) {
    throw Error(ErrorKind::data, problems_);
  }
  return std::move(out_);
}

}  // namespace twostep
