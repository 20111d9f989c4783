#include "app/http_listeners.hpp"

#include "api/handlers.hpp"
#include "flow/endpoint.hpp"
#include "util/setup_error.hpp"

namespace sluice::app {
namespace {

std::vector<IpPrefix> prefixes(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> out;
  for (const std::string& text : texts)
    if (const auto prefix = IpPrefix::parse(text)) out.push_back(*prefix);
  return out;
}

std::unique_ptr<http::Server> listen(boost::asio::io_context& io, const config::Config& config,
                                     const std::string& purpose, http::Handler handler, Logging& log) {
  http::Options options = http_options(config, purpose);
  if (options.at.address.empty()) return nullptr;
  Endpoint bound = options.at;
  const bool tls = options.tls.has_value();
  const bool open = options.access.allow.empty() && options.access.token.empty();
  auto server = http::Server::start(io, std::move(options), std::move(handler));
  if (!server) throw SetupError(purpose + ".listen", server.error());
  bound.port = (*server)->port();
  log.write(LogLevel::info, purpose + " at " + (tls ? "https://" : "http://") + bound.to_string() + "/");
  if (open && !bound.loopback())
    log.write(LogLevel::warning,
              purpose + ".listen " + bound.to_string() +
                  " answers whoever can reach it: names of exporters and of this network are among the " +
                  purpose + "; set " + purpose + ".allow or " + purpose + ".token");
  return std::move(*server);
}

}  // namespace

http::Options http_options(const config::Config& config, const std::string& purpose) {
  const bool api = purpose == "api";
  const config::HttpListener& settings =
      api ? static_cast<const config::HttpListener&>(config.api) : config.metrics;
  const auto at = parse_endpoint(api ? config.api.listen : config.metrics.listen);
  http::Options out = api::listener(at.value_or(Endpoint{}), purpose);
  out.access.allow = prefixes(settings.allow);
  out.access.hosts = settings.hosts;
  out.access.token = settings.token;
  out.limits.connections = settings.connections;
  out.limits.per_client = settings.connections_per_client;
  out.deadlines.idle = out.deadlines.head = out.deadlines.body = out.deadlines.answer = settings.timeout;
  out.deadlines.request = settings.timeout;
  if (settings.certificate_file.empty()) return out;
  auto identity = http::Identity::from_files(settings.certificate_file, settings.key_file);
  if (!identity) {
    const bool of_key = identity.error().starts_with('"' + settings.key_file + '"') &&
                        settings.key_file != settings.certificate_file;
    throw SetupError(purpose + (of_key ? ".tls.key_file" : ".tls.certificate_file"), identity.error());
  }
  out.tls = std::move(*identity);
  return out;
}

HttpListeners::HttpListeners(boost::asio::io_context& io, const config::Config& config, Handlers handlers,
                             Logging& log)
    : metrics_(listen(io, config, "metrics", std::move(handlers.metrics), log)),
      api_(listen(io, config, "api", std::move(handlers.api), log)) {}

HttpListeners::Change::Change(const config::Config& next)
    : metrics_(http_options(next, "metrics")), api_(http_options(next, "api")) {}

void HttpListeners::change(Change next) {
  if (metrics_) metrics_->change(std::move(next.metrics_));
  if (api_) api_->change(std::move(next.api_));
}

void HttpListeners::close() {
  metrics_.reset();
  api_.reset();
}

void HttpListeners::add_counts(metrics::Snapshot& out) const {
  if (metrics_) out.http.push_back({"metrics", metrics_->counts()});
  if (api_) out.http.push_back({"api", api_->counts()});
}

}  // namespace sluice::app
