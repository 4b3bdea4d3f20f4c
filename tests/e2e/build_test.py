"""Other ways to build: libraries in a prefix, without root; and another MPI."""
import glob
import os
import shutil
import subprocess
import tempfile
import unittest

import support

TRIPLET = "lib/x86_64-linux-gnu"
# What is tested is how libraries are found and used; code that is not optimised is built in a third of the time.
QUICK = ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DTWOSTEP_BUILD_TESTS=OFF", "-DTWOSTEP_BUILD_BENCH=OFF"]


class Build(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="twostep-build-")
        os.chmod(self.folder, 0o777)

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run_or_fail(self, line, user=None, **extra):
        options = {"user": user, "group": user, "extra_groups": []} if user else {}
        done = subprocess.run(line, text=True, capture_output=True, timeout=1200, stdin=subprocess.DEVNULL,
                              env=support.environment(**extra), **options)
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def cache(self, build):
        with open(os.path.join(build, "CMakeCache.txt")) as file:
            return dict(line.strip().split("=", 1) for line in file if "=" in line and line[0].isalpha())

    def small_study(self, run):
        """Data and a study, run by the freshly built program."""
        with open(os.path.join(self.folder, "study.yaml"), "w") as file:
            file.write(support.STUDY)
        run("twostep-make-aerosol", "-o", "data", "--rows", "6000", "--shards", "2")
        self.assertIn("(finished)", run("twostep", "run", "study.yaml"))

    def test_a_prefix_without_root(self):
        prefix = os.path.join(self.folder, "prefix")
        if not glob.glob("/usr/" + TRIPLET + "/libdnnl.so"):
            raise unittest.SkipTest("SKIPPED LOUDLY: not a Debian x86-64 machine")
        os.makedirs(os.path.join(prefix, TRIPLET, "cmake"))
        os.makedirs(os.path.join(prefix, "include"))
        os.makedirs(os.path.join(prefix, "share/cmake"))
        for header in ("boost", "nlohmann", "yaml-cpp", "oneapi"):
            shutil.copytree("/usr/include/" + header, os.path.join(prefix, "include", header))
        for header in glob.glob("/usr/include/dnnl*"):
            shutil.copy(header, os.path.join(prefix, "include"))
        for library in ("libdnnl", "libyaml-cpp", "libboost_program_options"):
            for path in glob.glob(f"/usr/{TRIPLET}/{library}.*"):
                shutil.copy(path, os.path.join(prefix, TRIPLET), follow_symlinks=False)
        for package in glob.glob(f"/usr/{TRIPLET}/cmake/yaml-cpp*") + glob.glob(f"/usr/{TRIPLET}/cmake/[Bb]oost*"):
            copy = shutil.copytree if os.path.isdir(package) else shutil.copy
            copy(package, os.path.join(prefix, TRIPLET, "cmake", os.path.basename(package)))
        for package in glob.glob("/usr/share/cmake/nlohmann*") + glob.glob(f"/usr/{TRIPLET}/cmake/nlohmann*"):
            shutil.copytree(package, os.path.join(prefix, "share/cmake", os.path.basename(package)))
        build = os.path.join(self.folder, "build")
        user = 65534 if os.geteuid() == 0 else None  # nobody: no root, no apt
        self.run_or_fail(["cmake", "-S", support.SOURCE, "--preset", "release", "-B", build,
                          "-DCMAKE_PREFIX_PATH=" + prefix, *QUICK],
                         user=user, HOME=self.folder, CCACHE_DIR=os.path.join(self.folder, "ccache"))
        found = self.cache(build)
        for key in ("OneDNN_LIBRARY:FILEPATH", "OneDNN_INCLUDE_DIR:PATH", "yaml-cpp_DIR:PATH",
                    "nlohmann_json_DIR:PATH", "Boost_INCLUDE_DIR:PATH"):
            self.assertTrue(found.get(key, "").startswith(prefix), f"{key} is {found.get(key)}")
        self.run_or_fail(["cmake", "--build", build], user=user, HOME=self.folder,
                         CCACHE_DIR=os.path.join(self.folder, "ccache"))

        def run(program, *args):
            return self.run_or_fail(["sh", "-c", 'cd "$0" && exec "$@"', self.folder,
                                     os.path.join(build, "bin", program), *args], user=user,
                                    OMPI_MCA_btl="self,tcp")
        self.small_study(run)

    def test_mpich(self):
        for program in ("mpicc.mpich", "mpiexec.mpich", "h5pcc.mpich"):
            if not shutil.which(program):
                raise unittest.SkipTest(f"SKIPPED LOUDLY: {program} is not installed")
        build = os.path.join(self.folder, "build")
        self.run_or_fail(["cmake", "-S", support.SOURCE, "--preset", "release", "-B", build,
                          "-DMPI_C_COMPILER=mpicc.mpich", "-DMPI_CXX_COMPILER=mpicxx.mpich",
                          "-DHDF5_C_COMPILER_EXECUTABLE=" + shutil.which("h5pcc.mpich"), *QUICK])
        self.run_or_fail(["cmake", "--build", build])

        def run(program, *args):
            return self.run_or_fail(["sh", "-c", 'cd "$0" && exec "$@"', self.folder, "mpiexec.mpich", "-n", "3",
                                     os.path.join(build, "bin", program), *args])
        self.small_study(run)
        self.assertIn("MPICH", run("twostep", "--version"))


if __name__ == "__main__":
    support.main()
