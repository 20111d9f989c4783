#include "importer/done.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace sluice::importer {
namespace {

constexpr std::string_view kTitle = "sluice import, to ";

/// Names of files may hold anything but NUL: newlines and what escapes them are written as %0a and %25.
std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == '\n')
      out += "%0a";
    else if (c == '%')
      out += "%25";
    else
      out += c;
  }
  return out;
}
std::string unescaped(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string_view three = name.substr(i, 3);
    if (three == "%0a" || three == "%25") {
      out += three == "%0a" ? '\n' : '%';
      i += 2;
    } else {
      out += name[i];
    }
  }
  return out;
}

std::optional<std::uint64_t> take_number(std::string_view& rest) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != ' ') return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  return value;
}

/// "whole SIZE FLOWS NAME" or "part SIZE FLOWS NAME"
std::optional<std::pair<std::string, FileDone>> entry(std::string_view line) {
  FileDone done;
  done.whole = line.starts_with("whole ");
  if (!done.whole && !line.starts_with("part ")) return std::nullopt;
  line.remove_prefix(done.whole ? 6 : 5);
  const auto size = take_number(line);
  const auto flows = size ? take_number(line) : std::nullopt;
  if (!flows || line.empty()) return std::nullopt;
  done.size = *size;
  done.flows = *flows;
  return std::pair(unescaped(line), done);
}

}  // namespace

Result<Done, std::string> Done::open(const std::string& path, const std::string& sinks) {
  std::FILE* const file = std::fopen(path.c_str(), "a+");
  if (!file) return failure(path + ": cannot be opened or made: " + std::strerror(errno));
  Done out(path, file);
  if (::flock(fileno(file), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return failure(path + ": another import goes on that keeps what it did there");
  if (auto read = out.read(sinks); !read) return failure(std::move(read.error()));
  return out;
}

Result<void, std::string> Done::read(const std::string& sinks) {
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0)
    return failure(path_ + ": cannot be read: " + std::strerror(errno));
  std::string all;
  char chunk[65536];
  while (const std::size_t n = std::fread(chunk, 1, sizeof chunk, file_.get())) all.append(chunk, n);
  if (std::ferror(file_.get()) != 0) return failure(path_ + ": cannot be read to its end");
  const std::string title = std::string(kTitle) + sinks;
  std::string_view rest = all;
  if (all.empty()) unsaved_ = title + '\n';
  bool first = true;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (first && !line.starts_with(kTitle))
      return failure(path_ + ": is no state of an import; name another by --state");
    if (first && line != title)
      return failure(path_ + ": is the state of an import to " + std::string(line.substr(kTitle.size())) +
                     ", and this one is to " + sinks + "; name another file by --state");
    if (end == std::string_view::npos) {
      unsaved_ = "\n";  // a line that was not written whole counts for nothing
      break;
    }
    if (!first)
      if (auto one = entry(line)) files_[one->first] = one->second;
    first = false;
    rest.remove_prefix(end + 1);
  }
  return {};
}

FileDone Done::of(const std::string& file) const {
  const auto found = files_.find(file);
  return found == files_.end() ? FileDone{} : found->second;
}

void Done::note(const std::string& file, const FileDone& done) {
  files_[file] = done;
  unsaved_ += (done.whole ? "whole " : "part ") + std::to_string(done.size) + ' ' +
              std::to_string(done.flows) + ' ' + escaped(file) + '\n';
}

Result<void, std::string> Done::save() {
  if (unsaved_.empty()) return {};
  const bool written = std::fwrite(unsaved_.data(), 1, unsaved_.size(), file_.get()) == unsaved_.size() &&
                       std::fflush(file_.get()) == 0 && ::fdatasync(fileno(file_.get())) == 0;
  if (!written) return failure(path_ + ": cannot be written: " + std::strerror(errno));
  unsaved_.clear();
  return {};
}

}  // namespace sluice::importer
