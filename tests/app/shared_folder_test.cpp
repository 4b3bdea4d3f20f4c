#include "app/shared_folder.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

TEST(SharedFolder, DataRootsAreForAHostOrForTheRest) {
  EXPECT_EQ(data_root("", "h1"), "");
  EXPECT_EQ(data_root("/d", "h1"), "/d");
  EXPECT_EQ(data_root("h2=/e,/d,h3=/f", "h1"), "/d");
  EXPECT_EQ(data_root("h2=/e,/d,h3=/f", "h3"), "/f");
  EXPECT_EQ(data_root("h2=/e", "h1"), "");
  EXPECT_THROW(data_root("h2=", "h1"), Error);
  EXPECT_THROW(data_root("=/d", "h1"), Error);
  EXPECT_EQ(rooted("/d", "x/y.h5"), "/d/x/y.h5");
  EXPECT_EQ(rooted("/d", "/x.h5"), "/x.h5");
  EXPECT_EQ(rooted("", "x.h5"), "x.h5");
}

TEST(SharedFolder, NamesTheHostsThatSeeAnotherOne) {
  const test::TemporaryFolder folder;
  StudySetup setup;
  setup.spec.directory = folder.path();
  const std::vector<Place> places{{"h1"}, {"h1"}, {"h2"}, {"h2"}, {"h3"}};
  {
    const SharedMark mark(folder.path());
    EXPECT_EQ(missing_here(setup, mark.name()), "");
    EXPECT_EQ(missing_here(setup, "another"), "study");
    setup.shards.shards = {{"none.h5", 3, 0}};
    setup.data_root = "/nowhere";
    EXPECT_EQ(missing_here(setup, mark.name()), "data /nowhere/none.h5");
    check_all_see(setup, places, {"", "", "", "", ""});
  }
  EXPECT_EQ(missing_here(setup, "another"), "study");
  {
    const SharedMark mark(folder.path());
    StudySetup command;
    command.spec.directory = folder.path();
    command.spec.trainer.command = {"sh"};
    EXPECT_EQ(missing_here(command, mark.name()), "");
    command.spec.trainer.command = {"no-such-program"};
    const std::string program = missing_here(command, mark.name());
    EXPECT_TRUE(program.starts_with("program no such program: no-such-program\n")) << program;
    command.spec.trainer.command_at.text = "study.yaml:3";
    try {
      check_all_see(command, places, {"", "", program, program, program + "."});
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::config);
      ASSERT_EQ(error.problems().size(), 2U);  // one per cause
      EXPECT_TRUE(error.problems()[0].text().starts_with(
          "study.yaml:3: trainer.command on h2: no such program: no-such-program\n  why: "))
          << error.what();
      EXPECT_NE(error.problems()[1].text().find("on h3: "), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("hint: h1, where rank 0 is"), std::string::npos);
    }
  }
  try {
    check_all_see(setup, places, {"", "", "study", "study", "study"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::study);
    EXPECT_NE(std::string(error.what()).find("not the same on h2, h3"), std::string::npos);
  }
  try {
    check_all_see(setup, places, {"", "", "data /d/a.h5", "data /d/a.h5", ""});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_EQ(error.problems().size(), 1U);
  }
}

}  // namespace
}  // namespace twostep
