#include "twostep/data/agree.hpp"

#include <new>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

Bytes encode_error(const Error& error) {
  ByteWriter writer;
  writer.text(name(error.kind()));
  writer.u64(error.problems().size());
  for (const Problem& p : error.problems()) {
    for (const std::string* part : {&p.where, &p.what, &p.why, &p.hint}) {
      writer.text(*part);
    }
  }
  return writer.take();
}

Error decode_error(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  const ErrorKind kind = error_kind_from_name(reader.text());
  std::vector<Problem> problems(reader.count(8));
  for (Problem& p : problems) {
    for (std::string* part : {&p.where, &p.what, &p.why, &p.hint}) {
      *part = reader.text();
    }
  }
  return {kind, std::move(problems)};
}

}  // namespace

void agree(Group& group, const std::function<void()>& work) {
  Bytes mine;
  try {
    work();
  } catch (const Error& error) {
    mine = encode_error(error);
  } catch (const std::bad_alloc&) {
    mine = encode_error(Error(ErrorKind::resources, Problem{"", "out of memory", "", ""}));
  }
  std::vector<double> sizes(static_cast<std::size_t>(group.size()), 0.0);
  sizes[static_cast<std::size_t>(group.rank())] = static_cast<double>(mine.size());
  group.sum(sizes);
  for (std::size_t r = 0; r < sizes.size(); ++r) {
    if (sizes[r] > 0) {
      Bytes bytes =
          static_cast<int>(r) == group.rank() ? mine : Bytes(static_cast<std::size_t>(sizes[r]));
      group.broadcast(bytes, static_cast<int>(r));
      throw decode_error(bytes);
    }
  }
}

}  // namespace twostep
