// What the headers of a data set say, small enough to be sent to every rank, and the checks that
// make one table of it: variables of a file must agree on the row dimensions, files on all but the
// first of them. Every problem is found before anything is read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/base/error.hpp"
#include "twostep/ports/shards.hpp"
#include "twostep/ports/table_reader.hpp"

namespace twostep {

struct TableRequest {  // what is wanted of the files
  std::vector<std::string> rows;
  std::string rows_where;  // in the study file, for messages
  std::vector<VariableSpec> variables;
  std::string root{};  // where relative paths begin on this host; "": the working directory
};

struct ShardsDescription {
  std::vector<VariableInfo> variables;
  std::vector<ShardInfo> shards;
  void encode(ByteWriter& writer) const;
  [[nodiscard]] static ShardsDescription decode(ByteReader& reader);
};

// The sizes of a shard's row dimensions, as TableLayout::row_sizes wants them.
[[nodiscard]] std::vector<std::uint64_t> row_sizes_of(const ShardInfo& shard);

class ShardsDescriber {
 public:
  explicit ShardsDescriber(const TableRequest& request) : request_(request) {}

  // One shard: begin, then each variable in order (or the error met with it), then end.
  void begin(const std::string& path);
  void add(std::size_t variable, const ArrayShape& shape, const ArrayStorage& storage,
           const std::string& type);
  void note(const Error& error);
  void end();
  // Error{data} with all problems noted, the first twenty in full.
  [[nodiscard]] ShardsDescription take();

 private:
  struct Found {
    std::size_t variable;
    ArrayShape shape;
    ArrayStorage storage;
    std::string type;
    TableLayout layout;
  };
  const TableRequest& request_;
  ShardsDescription out_;
  std::vector<Problem> problems_;
  std::string path_;
  std::vector<Found> found_;

  void problem(const std::string& where, const std::string& what, const std::string& why,
               const std::string& hint);
  [[nodiscard]] std::string place(std::size_t variable) const;
  [[nodiscard]] bool rows_are_known();
  void make_layouts();
  [[nodiscard]] std::optional<std::vector<std::uint64_t>> agree_on_rows();
  void compare(const ShardInfo& shard, const std::vector<VariableInfo>& variables);
};

}  // namespace twostep
