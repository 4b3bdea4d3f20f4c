#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <fstream>

#include "adapters/hdf5/hdf5_models.hpp"
#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/hdf5/hdf5_shards.hpp"
#include "adapters/hdf5/output_file.hpp"
#include "contract/packs_suite.hpp"
#include "support/temporary_folder.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {
namespace {

// Writes a data set with plain HDF5 calls, so that the adapter is not tested against itself.
class FileMaker {
 public:
  explicit FileMaker(const std::string& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~FileMaker() { H5Fclose(file_); }
  FileMaker(const FileMaker&) = delete;
  FileMaker& operator=(const FileMaker&) = delete;

  template <class T>
  FileMaker& add(const std::string& name, hid_t type, const std::vector<hsize_t>& dims,
                 const std::vector<T>& values, hsize_t chunk = 0, bool deflate = false) {
    const hid_t space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk > 0) {
      std::vector<hsize_t> chunks = dims;
      chunks[0] = chunk;
      H5Pset_chunk(creation, static_cast<int>(chunks.size()), chunks.data());
      if (deflate) {
        H5Pset_deflate(creation, 4);
      }
    }
    dataset_ = H5Dcreate2(file_, name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Dwrite(dataset_, memory_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Sclose(space);
    H5Pclose(creation);
    last_ = name;
    H5Dclose(dataset_);
    return *this;
  }
  FileMaker& attribute(const std::string& name, hid_t type, double value) {
    dataset_ = H5Dopen2(file_, last_.c_str(), H5P_DEFAULT);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        H5Acreate2(dataset_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Dclose(dataset_);
    return *this;
  }

 private:
  hid_t file_;
  hid_t dataset_ = -1;
  std::string last_;

  template <class T>
  static hid_t memory_type() {
    return std::is_same_v<T, float>    ? H5T_NATIVE_FLOAT
           : std::is_same_v<T, double> ? H5T_NATIVE_DOUBLE
                                       : H5T_NATIVE_INT;
  }
};

std::vector<float> ramp(std::size_t n, float scale = 1) {
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = scale * static_cast<float>(i);
  }
  return out;
}

TableRequest wanted(const std::vector<std::string>& names,
                    const std::vector<std::string>& rows = {}) {
  TableRequest out{rows, "", {}};
  for (const std::string& name : names) {
    out.variables.push_back({name});
  }
  return out;
}

std::unique_ptr<Shards> open_shards(const std::vector<std::string>& paths,
                                    const TableRequest& request) {
  return open_hdf5_shards(describe_hdf5_shards(paths, request), request);
}

std::vector<Problem> problems_of(const std::vector<std::string>& paths,
                                 const TableRequest& request) {
  try {
    static_cast<void>(describe_hdf5_shards(paths, request));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.problems();
  }
  return {};
}

class ShardsTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  std::string path(const std::string& name) { return folder_.file(name); }
};

TEST_F(ShardsTest, ReadsEveryTypeAndLayout) {
  const std::vector<float> two = ramp(1000, 0.5F);
  FileMaker(path("a.h5"))
      .add("f32", H5T_IEEE_F32LE, {500}, ramp(500))
      .add("f64_2", H5T_IEEE_F64LE, {500, 2}, two)
      .add("be", H5T_IEEE_F32BE, {500}, ramp(500))
      .add("i16", H5T_STD_I16LE, {500}, ramp(500), 64, true)
      .add("u8", H5T_STD_U8LE, {500}, std::vector<int>(500, 200), 100)
      .add("chunked_2", H5T_IEEE_F32LE, {500, 2}, two, 37);
  const std::vector<std::string> names{"f32", "f64_2", "be", "i16", "u8", "chunked_2"};
  const ShardsDescription description = describe_hdf5_shards({path("a.h5")}, wanted(names));
  EXPECT_EQ(description.variables[1].columns, 2U);
  EXPECT_EQ(description.variables[3].type, "int16");
  EXPECT_EQ(description.variables[4].type, "uint8");
  EXPECT_EQ(description.shards[0].rows, 500U);
  EXPECT_EQ(description.shards[0].chunk_rows, 100U);
  const auto shards = open_hdf5_shards(description, wanted(names));
  const std::vector<std::uint64_t> rows{0, 1, 63, 64, 200, 201, 202, 444, 499};
  for (std::size_t v = 0; v < names.size(); ++v) {
    const std::uint64_t k = description.variables[v].columns;
    std::vector<double> all(500 * k);
    shards->read_range(v, 0, 0, 500, all);
    std::vector<double> some(rows.size() * k);
    shards->read_rows(v, 0, rows, some);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::uint64_t j = 0; j < k; ++j) {
        const auto index = static_cast<double>(rows[i] * k + j);
        const double expected = names[v] == "u8" ? 200 : k == 2 ? 0.5 * index : index;
        EXPECT_EQ(some[i * k + j], expected) << names[v] << " row " << rows[i];
        EXPECT_EQ(all[rows[i] * k + j], expected) << names[v];
      }
    }
  }
}

TEST_F(ShardsTest, HonoursTheConventionsOfNetCdf) {
  FileMaker(path("a.nc"))
      .add("packed", H5T_STD_I16LE, {4}, std::vector<int>{0, 10, -32767, 100})
      .attribute("scale_factor", H5T_IEEE_F64LE, 0.01)
      .attribute("add_offset", H5T_IEEE_F64LE, 273.15)
      .attribute("_FillValue", H5T_STD_I16LE, -32767)
      .add("marked", H5T_IEEE_F32LE, {4}, std::vector<float>{1, 1e20F, 3, 9.96921e36F})
      .attribute("missing_value", H5T_IEEE_F32LE, 1e20F);
  const auto shards = open_shards({path("a.nc")}, wanted({"packed", "marked"}));
  std::vector<double> v(4);
  shards->read_range(0, 0, 0, 4, v);
  EXPECT_DOUBLE_EQ(v[0], 273.15);
  EXPECT_DOUBLE_EQ(v[1], 273.25);
  EXPECT_TRUE(std::isnan(v[2]));
  EXPECT_DOUBLE_EQ(v[3], 274.15);
  shards->read_range(1, 0, 0, 4, v);
  EXPECT_EQ(v[0], 1);
  EXPECT_TRUE(std::isnan(v[1]));
  EXPECT_EQ(v[2], 3);
  EXPECT_TRUE(std::isnan(v[3]));
}

TEST_F(ShardsTest, EveryMistakeIsListedAtOnce) {
  FileMaker(path("a.h5"))
      .add("tair", H5T_IEEE_F32LE, {10}, ramp(10))
      .add("q", H5T_IEEE_F32LE, {10, 2}, ramp(20));
  FileMaker(path("b.h5"))
      .add("tair", H5T_IEEE_F32LE, {9}, ramp(9))
      .add("q", H5T_IEEE_F32LE, {9, 3}, ramp(27));
  FileMaker(path("c.h5"))
      .add("tair", H5T_IEEE_F32LE, {9}, ramp(9))
      .add("q", H5T_IEEE_F32LE, {8, 2}, ramp(16));
  std::ofstream(path("text.h5")) << "this is no HDF5 file";
  std::ofstream(path("old.nc"), std::ios::binary) << std::string("CDF\x01 and so on");
  std::ofstream(path("five.nc"), std::ios::binary) << std::string("CDF\x05 and so on");
  const auto problems = problems_of({path("a.h5"), path("b.h5"), path("c.h5"), path("text.h5"),
                                     path("old.nc"), path("five.nc"), path("absent.h5")},
                                    wanted({"tair", "q"}));
  ASSERT_EQ(problems.size(), 6U);
  EXPECT_EQ(problems[0].where, path("b.h5") + ":q");
  EXPECT_EQ(problems[1].where, path("c.h5") + ":q");
  EXPECT_NE(problems[2].what.find("not an HDF5 file"), std::string::npos);
  EXPECT_NE(problems[3].what.find("NetCDF-3"), std::string::npos);
  EXPECT_NE(problems[3].hint.find("nccopy"), std::string::npos);
  EXPECT_NE(problems[4].what.find("CDF-5"), std::string::npos);
  EXPECT_NE(problems[5].why.find("No such file"), std::string::npos);
}

TEST_F(ShardsTest, AMissingVariableNamesTheNearest) {
  FileMaker(path("a.h5")).add("tair", H5T_IEEE_F32LE, {10}, ramp(10));
  const auto problems = problems_of({path("a.h5")}, wanted({"tiar"}));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].hint.find("tair"), std::string::npos);
}

TEST_F(ShardsTest, UnusableShapesAndTypesAreRefused) {
  FileMaker(path("a.h5"))
      .add("cube", H5T_IEEE_F32LE, {2, 2, 2}, ramp(8))
      .add("text", H5T_C_S1, {4}, ramp(4));
  const auto problems = problems_of({path("a.h5")}, wanted({"cube", "text"}));
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_NE(problems[0].what.find("not numbers"), std::string::npos);
  EXPECT_NE(problems[1].what.find("3 dimensions"), std::string::npos);
}

TEST_F(ShardsTest, DescriptionsTravel) {
  FileMaker(path("a.h5")).add("tair", H5T_IEEE_F32LE, {10}, ramp(10));
  const ShardsDescription d = describe_hdf5_shards({path("a.h5")}, wanted({"tair"}));
  ByteWriter writer;
  d.encode(writer);
  const Bytes bytes = writer.take();
  ByteReader reader(bytes);
  const auto shards = open_hdf5_shards(ShardsDescription::decode(reader), wanted({"tair"}));
  std::vector<double> v(1);
  shards->read_range(0, 0, 9, 1, v);
  EXPECT_EQ(v[0], 9);
}

double bytes_read() {
  std::ifstream io("/proc/self/io");
  std::string word;
  double value = 0;
  io >> word >> value;  // rchar
  return value;
}

// A scattered selection must not read the file: a tenth of a percent of the rows costs a few
// percent of the bytes at most.
TEST_F(ShardsTest, AScatteredSelectionReadsLittle) {
  constexpr std::size_t n = 2'000'000;
  FileMaker(path("a.h5")).add("x", H5T_IEEE_F32LE, {n}, ramp(n));
  const auto shards = open_shards({path("a.h5")}, wanted({"x"}));
  const Permutation order(n, Rng(1, Purpose::subset));
  std::vector<std::uint64_t> rows;
  for (std::uint64_t i = 0; i < n / 2000; ++i) {
    rows.push_back(order.at(i));
  }
  std::sort(rows.begin(), rows.end());
  std::vector<double> v(rows.size());
  const double before = bytes_read();
  if (before == 0) {
    GTEST_SKIP() << "SKIPPED LOUDLY: this kernel does not account for I/O";
  }
  shards->read_rows(0, 0, rows, v);
  const double share = (bytes_read() - before) / (4.0 * n);
  EXPECT_LT(share, 0.10);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(v[i], static_cast<double>(static_cast<float>(rows[i])));
  }
}

TEST_F(ShardsTest, OfChunkedDataOnlyTheChunksTouchedAreReadOnce) {
  constexpr std::size_t n = 1'000'000;
  constexpr std::size_t chunk = 10'000;
  FileMaker(path("a.h5")).add("x", H5T_IEEE_F32LE, {n}, ramp(n), chunk);
  const auto shards = open_shards({path("a.h5")}, wanted({"x"}));
  std::vector<std::uint64_t> rows;
  for (std::uint64_t i = 0; i < 10; ++i) {
    for (std::uint64_t j = 0; j < 50; ++j) {
      rows.push_back(i * 100'000 + j * 199);  // 50 rows in each of 10 chunks
    }
  }
  std::vector<double> v(rows.size());
  const double before = bytes_read();
  shards->read_rows(0, 0, rows, v);
  const double bytes = bytes_read() - before;
  EXPECT_GE(bytes, 10 * 4.0 * chunk);
  EXPECT_LT(bytes, 11 * 4.0 * chunk);
}

TEST(Hdf5Packs, KeepTheContract) {
  const test::TemporaryFolder folder;
  const auto packs = make_hdf5_packs(folder.path());
  test::check_packs_contract(*packs);
}

TEST(Hdf5Packs, HeadersOfManyColumnsFit) {
  const test::TemporaryFolder folder;
  const auto packs = make_hdf5_packs(folder.path());
  SoloGroup group;
  PackHeader header = test::sample_header(5000);
  header.rows = {1, 0, 0};
  const auto writer = packs->create("wide", header, group);
  writer->write_range(Split::train, 0, ramp(5000), ramp(1));
  writer->finish();
  const auto pack = packs->open("wide", "abc");
  ASSERT_NE(pack, nullptr);
  EXPECT_EQ(pack->header(), header);
  EXPECT_EQ(pack->inputs(Split::train)[4999], 4999.0F);
}

TEST(Hdf5Packs, ATruncatedFileIsNoPack) {
  const test::TemporaryFolder folder;
  const auto packs = make_hdf5_packs(folder.path());
  test::check_packs_contract(*packs);
  const std::string path = folder.file("p.h5");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_EQ(packs->open("p", "new"), nullptr);
}

TEST(Hdf5Packs, NoSpaceIsSaidBefore) {
  const test::TemporaryFolder folder;
  const auto packs = make_hdf5_packs(folder.path());
  SoloGroup group;
  PackHeader header = test::sample_header();
  header.rows = {1ULL << 50, 0, 0};
  try {
    static_cast<void>(packs->create("huge", header, group));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(std::string(error.what()).find("not enough space"), std::string::npos);
  }
}

Model sample_model() {
  Model m;
  m.shape = {2, {3, 4}, 1, Activation::gelu, Activation::sigmoid};
  m.parameters = ramp(2 * 3 + 3 + 3 * 4 + 4 + 4 + 1, 0.01F);
  m.inputs = {{"a"}, {"b", Transform::log10, 1e-9}};
  m.targets = {{"y", Transform::sqrt}};
  m.input_columns = {1, 1};
  m.target_columns = {1};
  m.input_names = {"a", "b"};
  m.target_names = {"y"};
  m.input_encoding = {{0.1, 0.2}, {1.0 / 3, 2}};
  m.target_encoding = {{5}, {6}};
  m.provenance_json = R"({"study": "s"})";
  return m;
}

TEST(Hdf5Models, ReadBackTheSame) {
  const test::TemporaryFolder folder;
  const auto models = make_hdf5_models(folder.path());
  const Model m = sample_model();
  models->save("finalists/3/model.h5", m);
  const Model back = models->load("finalists/3/model.h5");
  EXPECT_EQ(back.shape, m.shape);
  EXPECT_EQ(back.parameters, m.parameters);
  EXPECT_EQ(back.inputs, m.inputs);
  EXPECT_EQ(back.targets, m.targets);
  EXPECT_EQ(back.input_columns, m.input_columns);
  EXPECT_EQ(back.input_names, m.input_names);
  EXPECT_EQ(back.target_names, m.target_names);
  EXPECT_EQ(back.input_encoding, m.input_encoding);
  EXPECT_EQ(back.target_encoding, m.target_encoding);
  EXPECT_EQ(back.provenance_json, m.provenance_json);
}

TEST(Hdf5Models, KeepNormsAndTheirRunningStatistics) {
  const test::TemporaryFolder folder;
  const auto models = make_hdf5_models(folder.path());
  for (const Norm norm : {Norm::batch, Norm::layer}) {
    Model m = sample_model();
    m.shape.norm = norm;
    m.shape.residual = true;
    const MlpLayout layout(m.shape);
    m.parameters = ramp(layout.parameters, 0.01F);
    m.state = ramp(layout.state, 0.02F);
    EXPECT_EQ(m.state.size(), norm == Norm::batch ? 14U : 0U);
    models->save("model.h5", m);
    const Model back = models->load("model.h5");
    EXPECT_EQ(back.shape, m.shape);
    EXPECT_EQ(back.parameters, m.parameters);
    EXPECT_EQ(back.state, m.state);
  }
}

TEST(Hdf5Models, OtherFilesAreRefused) {
  const test::TemporaryFolder folder;
  FileMaker(folder.file("data.h5")).add("x", H5T_IEEE_F32LE, {3}, ramp(3));
  std::ofstream(folder.file("text")) << "no";
  const auto models = make_hdf5_models(folder.path());
  for (const char* name : {"data.h5", "text", "absent"}) {
    EXPECT_THROW(static_cast<void>(models->load(name)), Error) << name;
  }
}

TEST(OutputFile, ExistsOnlyWhenWhole) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  {
    OutputFile file(path, {{"group/y", 2}}, 3, false);
    file.write(0, 0, ramp(4));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  {
    OutputFile file(path, {{"group/y", 2}}, 3, false);
    file.write(0, 0, ramp(4));
    file.write(0, 2, ramp(2));
    file.finish();
  }
  EXPECT_THROW(OutputFile(path, {{"y"}}, 3, false), Error);
  const auto shards = open_shards({path}, wanted({"group/y"}));
  std::vector<double> v(6);
  shards->read_range(0, 0, 0, 3, v);
  EXPECT_EQ(v, (std::vector<double>{0, 1, 2, 3, 0, 1}));
}

}  // namespace
}  // namespace twostep
