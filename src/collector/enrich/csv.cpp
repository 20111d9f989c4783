#include "enrich/csv.hpp"

#include <csv.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "util/one_line.hpp"
#include "util/unique_fd.hpp"

namespace sluice::enrich {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

struct FreeParser {
  void operator()(csv_parser* parser) const {
    csv_free(parser);
    delete parser;
  }
};

/// Of one file, behind libcsv, which tells fields and the ends of lines.
class Rows {
 public:
  explicit Rows(const OnRow& on_row) : on_row_(on_row) {}
  virtual ~Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  void field(const void* bytes, std::size_t size) {
    const std::string_view text(static_cast<const char*>(bytes), size);
    lines_within_ += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    row_.emplace_back(text);
  }

  /// `end` is the character that ended the row, -1 at the end of the file.
  void row(int end) {
    if (!row_.empty() && !passed_over()) take();
    row_.clear();
    line_ += lines_within_ + (end == '\n' ? 1 : 0);
    lines_within_ = 0;
  }

  void fault(std::string text) { faults_.push_back({line_, std::move(text)}); }
  virtual std::vector<FileFault> end() { return std::move(faults_); }

 protected:
  virtual void take() { on_row_(line_, row_); }

  const OnRow& on_row_;
  std::vector<std::string> row_;
  std::uint64_t line_ = 1;
  std::vector<FileFault> faults_;

 private:
  bool passed_over() const {
    return row_.front().starts_with('#') || (row_.size() == 1 && row_.front().empty());
  }

  std::uint64_t lines_within_ = 0;
};

/// With a line of column names.
class Table final : public Rows {
 public:
  Table(const std::vector<std::string>& wanted, const std::vector<std::string>& needed, const OnRow& on_row)
      : Rows(on_row), wanted_(wanted), needed_(needed) {}

  std::vector<FileFault> end() override {
    if (columns_.empty() && faults_.empty())
      fault("is empty; its first line names the columns: " + joined(wanted_));
    return std::move(faults_);
  }

 private:
  static std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
    return out;
  }

  void name_columns() {
    for (const std::string& name : row_) {
      const auto found = std::ranges::find(wanted_, name);
      if (found == wanted_.end()) {
        fault("there is no column " + one_line(name).substr(0, 64) + "; there are " + joined(wanted_));
      } else if (std::ranges::find(columns_, found - wanted_.begin()) != columns_.end()) {
        fault("the column " + name + " stands there twice");
      }
      columns_.push_back(found - wanted_.begin());
    }
    for (const std::string& name : needed_)
      if (std::ranges::find(row_, name) == row_.end()) fault("the column " + name + " is missing");
  }

  void take() override {
    if (columns_.empty()) return name_columns();
    if (row_.size() != columns_.size())
      return fault("has " + std::to_string(row_.size()) + " values, and the first line names " +
                   std::to_string(columns_.size()) + " columns");
    std::vector<std::string> values(wanted_.size() + 1);
    for (std::size_t i = 0; i < row_.size(); ++i)
      values[static_cast<std::size_t>(columns_[i])] = std::move(row_[i]);
    values.pop_back();  // where columns that nobody wants went
    on_row_(line_, values);
  }

  const std::vector<std::string>& wanted_;
  const std::vector<std::string>& needed_;
  std::vector<std::ptrdiff_t> columns_;  // of each value, its place among the wanted
};

void on_field(void* bytes, std::size_t size, void* rows) { static_cast<Rows*>(rows)->field(bytes, size); }
void on_end_of_row(int end, void* rows) { static_cast<Rows*>(rows)->row(end); }

std::vector<FileFault> read(const std::string& path, Rows& rows) {
  // A pipe or a device in the place of a file would hold up who reads, or fill the memory.
  UniqueFd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) return {{0, std::string("cannot be opened: ") + std::strerror(errno)}};
  struct stat status{};
  if (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {{0, "is no file"}};
  const std::unique_ptr<std::FILE, CloseFile> file(::fdopen(opened.get(), "r"));
  if (!file) return {{0, std::string("cannot be opened: ") + std::strerror(errno)}};
  opened.release();
  const std::unique_ptr<csv_parser, FreeParser> parser(new csv_parser{});
  // Every end of a line is told, so that lines can be counted; quotes within a field that has none are a
  // mistake.
  if (csv_init(parser.get(), CSV_REPALL_NL | CSV_STRICT | CSV_STRICT_FINI) != 0)
    return {{0, "there is no memory to read it"}};
  std::vector<char> buffer(1 << 16);
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;) {
    if (csv_parse(parser.get(), buffer.data(), got, on_field, on_end_of_row, &rows) == got) continue;
    rows.fault(std::string("is no CSV: ") + csv_strerror(csv_error(parser.get())));
    return rows.end();
  }
  if (std::ferror(file.get()) != 0) rows.fault(std::string("cannot be read: ") + std::strerror(errno));
  if (csv_fini(parser.get(), on_field, on_end_of_row, &rows) != 0)
    rows.fault(std::string("is no CSV to its end: ") + csv_strerror(csv_error(parser.get())));
  return rows.end();
}

}  // namespace

std::vector<FileFault> read_csv(const std::string& path, const std::vector<std::string>& wanted,
                                const std::vector<std::string>& needed, const OnRow& on_row) {
  Table table(wanted, needed, on_row);
  return read(path, table);
}

std::vector<FileFault> read_csv_rows(const std::string& path, const OnRow& on_row) {
  Rows rows(on_row);
  return read(path, rows);
}

}  // namespace sluice::enrich
