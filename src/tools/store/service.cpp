#include "store/service.hpp"

#include <unistd.h>

#include <array>
#include <chrono>

#include "store/error_text.hpp"

namespace sluice::store {
namespace {

constexpr std::chrono::milliseconds kSlotWait{100};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

void respond_text(Exchange& exchange, unsigned status, std::string_view text, Headers headers = {}) {
  headers.emplace_back("Content-Type", "text/plain; charset=UTF-8");
  exchange.respond(status, headers, text, Coding::identity);
}

/// Prometheus' text.
std::string exposition(const sluice::Counts<http::HttpCount>& counts) {
  std::string out;
  for (const auto& info : http::kHttpCounts) {
    const bool total = info.kind == CountKind::total;
    const std::string name = "sluice_store_http_" + std::string(metric_of(info)) + (total ? "_total" : "");
    out += "# HELP " + name + ' ' + std::string(info.help) + "\n# TYPE " + name +
           (total ? " counter\n" : " gauge\n") + name + ' ' + std::to_string(counts[info.count]) + '\n';
  }
  return out;
}

/// Gives a slot back, however its request ends.
class Slot {
 public:
  explicit Slot(std::counting_semaphore<>& slots) : slots_(slots) {}
  ~Slot() { slots_.release(); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::counting_semaphore<>& slots_;
};

/// Plain text, as all that a ClickHouse server says.
http::Response fault(http::Fault kind, std::string_view what, std::string_view hosts_setting) {
  const auto text = [](unsigned status, std::string sentence) {
    return http::Response{.status = status,
                          .content_type = "text/plain; charset=UTF-8",
                          .body = std::move(sentence) + '\n',
                          .headers = {}};
  };
  switch (kind) {
    case http::Fault::head_too_large:
      return text(431, "The request's head is larger than 1 MiB; put the statement into the body.");
    case http::Fault::not_http:
      return text(400, "This is not HTTP: " + std::string(what) + '.');
    case http::Fault::too_many:
      return text(503, "Too many connections.");
    case http::Fault::handler_threw:
      return text(500, "The store failed: " + std::string(what) + '.');
    case http::Fault::foreign_host:
      return text(421,
                  '"' + std::string(what) +
                      "\" is none of this store's names, and it has no password: ask by address, or add the "
                      "name by " +
                      std::string(hosts_setting) + '.');
    case http::Fault::foreign_page:
      return text(403, "Pages of other sites in a browser are not answered.");
    case http::Fault::body_too_large:   // bodies have no limit here
    case http::Fault::plain_where_tls:  // nor is there TLS
    case http::Fault::not_allowed:      // nor a list of addresses
    case http::Fault::no_token:         // nor a token
      break;
  }
  return http::fault_response(kind, what, hosts_setting);
}

}  // namespace

http::Options listener(const ListenerOptions& wanted) {
  using std::chrono::seconds;
  http::Options options;
  options.at = wanted.at;
  options.advice = "--http takes another address or port";
  options.limits = {.head = 1U << 20,  // a statement may stand in the URL
                    .body = std::nullopt,
                    .connections = wanted.connections,
                    .per_client = wanted.per_client};
  options.access.hosts = wanted.hosts;
  options.access.hosts_setting = "--host";
  options.access.own_secret = wanted.password;
  options.health = {"/ping"};
  options.deadlines = {.idle = seconds(30), .head = seconds(30), .body = seconds(60), .answer = seconds(60)};
  options.deadlines.pace = http::Pace{};
  options.fault = fault;
  options.headers = {};
  return options;
}

Service::Service(Engine& engine, const ServiceOptions& options, std::stop_token stop)
    : engine_(engine),
      credentials_(options.credentials),
      stop_(std::move(stop)),
      slots_(static_cast<std::ptrdiff_t>(options.connections)),
      sessions_(engine),
      outside_(engine),
      allow_external_(options.allow_external),
      counts_(options.counts),
      facts_{engine.version(), engine.timezone(), host_name()} {}

void Service::answer(Exchange& exchange) {
  const std::string_view path = exchange.path();
  const std::string_view method = exchange.method();
  if (method != "GET" && method != "HEAD" && method != "POST")
    return respond_text(exchange, 405, "Only GET, HEAD and POST are known here.\n",
                        {{"Allow", "GET, HEAD, POST"}});
  if (path == "/ping" || path == "/replicas_status") return respond_text(exchange, 200, "Ok.\n");
  if (path == "/metrics" && counts_) return respond_text(exchange, 200, exposition(counts_()));
  if (path != "/")
    return respond_text(exchange, 404,
                        "There is no handle " + std::string(path) +
                            "\n\nUse / or /ping for health checks.\nSend queries from your program "
                            "with POST method or GET /?query=...\n");
  const Form form = Form::parse(exchange.query());
  if (method != "POST" && form.find("query") == nullptr) return respond_text(exchange, 200, "Ok.\n");
  // Any page that a browser on this machine shows could otherwise have its statements run here.
  if (credentials_.password.empty() && !exchange.header("Origin").empty())
    return respond_text(exchange, 403,
                        "Requests from pages in a browser are answered only where the store has a "
                        "password (--password-file).\n");
  query(exchange, form);
}

void Service::query(Exchange& connection, const Form& form) {
  if (const auto no = refused(connection, form, credentials_))
    return respond_error(connection, {*no, 0}, form.get("query_id"), facts_);
  auto request = read_query_request(connection, form);
  if (!request) return respond_error(connection, {request.error(), 0}, form.get("query_id"), facts_);
  const auto blocks = in_blocks(connection, request->in_blocks);
  Exchange& exchange = *blocks;
  StatementText statement;
  if (const auto read = read_statement(exchange, *request, statement); !read)
    return respond_error(exchange, read.error(), request->query_id, facts_);
  // The engine's profile bounds how long an answer may take; what is inserted or altered takes its time.
  if (statement.statement.changes && !request->readonly) request->set_unless_said("max_execution_time", "0");
  if (!wait_for_slot()) return respond_text(exchange, 503, "The store is ending.\n");
  const Slot slot(slots_);
  const auto lease = sessions_.lease(*request);
  if (!lease) return respond_error(exchange, {lease.error(), 0}, request->query_id, facts_);
  run_query(exchange, *request, statement, **lease, facts_, allow_external_ ? nullptr : &outside_);
}

bool Service::wait_for_slot() {
  while (!slots_.try_acquire_for(kSlotWait))
    if (stop_.stop_requested()) return false;
  return true;
}

void Service::cancel_all() {
  if (const auto session = engine_.open()) (void)(*session)->run("KILL QUERY WHERE 1 ASYNC", "Null", {});
}

}  // namespace sluice::store
