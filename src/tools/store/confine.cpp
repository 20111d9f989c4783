#include "store/confine.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "util/unique_fd.hpp"

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

// Debian 12's headers are older than its kernel. ABI 3 of Linux 6.2.
constexpr std::uint64_t kTruncate = 1ULL << 14;

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kRead = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;
constexpr std::uint64_t kMake = LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
/// Never given to anybody.
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                 LANDLOCK_ACCESS_FS_MAKE_SOCK;

/// What a kernel of that ABI knows of.
std::uint64_t known(long abi) {
  std::uint64_t out = kRead | kWriteFile | kMake | kNever;
  if (abi < 2) out &= ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_REFER);
  if (abi < 3) out &= ~kTruncate;
  return out;
}

class Ruleset {
 public:
  explicit Ruleset(std::uint64_t handled) : handled_(handled) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = handled;
    fd_ = UniqueFd(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0)));
  }
  bool made() const { return static_cast<bool>(fd_); }
  int get() const { return fd_.get(); }

  bool allow(const fs::path& path, std::uint64_t access) const {
    const UniqueFd at(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!at) return true;
    struct stat what{};
    if (::fstat(at.get(), &what) != 0) return false;
    if (!S_ISDIR(what.st_mode)) access &= kReadFile | kWriteFile;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access & handled_;
    rule.parent_fd = at.get();
    return ::syscall(SYS_landlock_add_rule, fd_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  }

 private:
  std::uint64_t handled_;
  UniqueFd fd_;
};

}  // namespace

// Statements can read what is here, so no directory that may hold a secret: /proc/self has the environment,
// and /etc/ssl has keys beside its certificates.
std::vector<fs::path> system_files() {
  return {"/usr/lib", "/usr/local/lib", "/lib", "/lib64", "/usr/share/zoneinfo",
          // Authorities.
          "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/etc/ssl/certs",
          "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem",
          "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted", "/etc/ca-certificates/extracted",
          // Names.
          "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
          "/etc/services", "/etc/protocols", "/etc/localtime", "/etc/timezone", "/etc/ld.so.cache",
          // Where the main thread's stack is, and what memory and cores there are.
          "/proc/self/maps", "/proc/self/cgroup", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu",
          "/sys/devices/system/node", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage", "/dev/urandom",
          "/dev/random"};
}

Result<void, std::string> confine(const Confines& to) {
  const auto failed = [](const char* what) {
    return failure(std::string(what) + ": " + std::strerror(errno));
  };
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return failed("this kernel has no Landlock");
  const Ruleset rules(known(abi));
  if (!rules.made()) return failed("Landlock takes no rules");
  bool right = rules.allow("/dev/null", kReadFile | kWriteFile);
  for (const fs::path& path : to.all) right = rules.allow(path, kRead | kWriteFile | kMake) && right;
  for (const fs::path& path : to.read) right = rules.allow(path, kRead) && right;
  if (!right) return failed("Landlock takes no rule");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("privileges cannot be given up");
  if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) return failed("Landlock is refused");
  return {};
}

bool may_run_what_it_writes() {
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  const bool may = ::mprotect(page, size, PROT_READ | PROT_EXEC) == 0;
  ::munmap(page, size);
  return may;
}

}  // namespace sluice::store
