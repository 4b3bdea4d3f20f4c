#include "twostep/sim/mem_packs.hpp"

#include "contract/packs_suite.hpp"

namespace twostep {
namespace {

TEST(MemPacks, KeepTheContract) {
  MemPacks packs;
  test::check_packs_contract(packs);
}

}  // namespace
}  // namespace twostep
