#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_space(Rows& t) {
  t.push_back(plain(
      "space", FieldType::map, "", "", 0, 0,
      "For twostep suggest and for trainer.command: dimensions with names of your own, "
                    "each a constant or a range as above (docs/search.md).",
                    nullptr));
}

}  // namespace twostep::field_rows
