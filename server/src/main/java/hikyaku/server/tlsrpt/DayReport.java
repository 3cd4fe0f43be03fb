package hikyaku.server.tlsrpt;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.server.reports.ReportLetter;
import hikyaku.server.tlsrpt.proto.CountedResult;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a domain is told of a day (RFC 8460 §4, §5).
 *
 * @param host who tells
 * @param contact whom to ask
 * @param results of this domain, each with its sessions
 */
record DayReport(
    String host, String contact, String domain, LocalDate day, Map<CountedResult, Long> results) {
  String id() {
    return day + "." + domain + "@" + host;
  }

  private Instant start() {
    return day.atStartOfDay().toInstant(ZoneOffset.UTC);
  }

  private Instant end() {
    return day.plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC).minusSeconds(1);
  }

  /** RFC 8460 §4. */
  String json() {
    Map<CountedResult, List<CountedResult>> byPolicy = new LinkedHashMap<>();
    results
        .keySet()
        .forEach(each -> byPolicy.computeIfAbsent(policy(each), _ -> new ArrayList<>()).add(each));
    List<Map<String, Object>> policies = new ArrayList<>();
    byPolicy.forEach((policy, each) -> policies.add(policy(policy, each)));
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("organization-name", host);
    report.put(
        "date-range",
        ordered("start-datetime", start().toString(), "end-datetime", end().toString()));
    report.put("contact-info", contact);
    report.put("report-id", id());
    report.put("policies", policies);
    return JsonMapper.shared().writeValueAsString(report);
  }

  private static CountedResult policy(CountedResult of) {
    return of.toBuilder()
        .clearFault()
        .clearReason()
        .clearServer()
        .clearReceivingIp()
        .clearSendingIp()
        .build();
  }

  private Map<String, Object> policy(CountedResult policy, List<CountedResult> of) {
    long good = 0;
    long bad = 0;
    List<Map<String, Object>> details = new ArrayList<>();
    for (CountedResult each : of) {
      long sessions = results.getOrDefault(each, 0L);
      if (each.getFault().isEmpty()) {
        good += sessions;
        continue;
      }
      bad += sessions;
      Map<String, Object> detail = new LinkedHashMap<>();
      detail.put("result-type", each.getFault());
      put(detail, "sending-mta-ip", each.getSendingIp());
      put(detail, "receiving-mx-hostname", each.getServer());
      put(detail, "receiving-ip", each.getReceivingIp());
      detail.put("failed-session-count", sessions);
      put(detail, "failure-reason-code", each.getReason());
      details.add(detail);
    }
    Map<String, Object> about =
        ordered("policy-type", policy.getPolicyType(), "policy-domain", policy.getPolicyDomain());
    if (policy.getPolicyLinesCount() > 0) {
      about.put("policy-string", List.copyOf(policy.getPolicyLinesList()));
    }
    if (policy.getPolicyServersCount() > 0) {
      about.put("mx-host", List.copyOf(policy.getPolicyServersList()));
    }
    Map<String, Object> all =
        ordered(
            "policy",
            about,
            "summary",
            ordered("total-successful-session-count", good, "total-failure-session-count", bad));
    if (!details.isEmpty()) {
      all.put("failure-details", details);
    }
    return all;
  }

  private static void put(Map<String, Object> into, String name, String value) {
    if (!value.isEmpty()) {
      into.put(name, value);
    }
  }

  private static Map<String, Object> ordered(String first, Object one, String second, Object two) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(first, one);
    map.put(second, two);
    return map;
  }

  byte[] compressed() {
    return ReportLetter.compressed(json().getBytes(UTF_8));
  }

  /** RFC 8460 §5.3. */
  ReportLetter letter() {
    return new ReportLetter(
        "tlsrpt." + day + "." + domain,
        domain,
        host,
        id(),
        "TLS-Report-Domain: %s\nTLS-Report-Submitter: %s\nTLS-Required: No\n"
            .formatted(domain, host),
        "multipart/report; report-type=\"tlsrpt\"",
        "How TLS with the mail servers of %s went on %s (UTC),\nas seen by %s."
            .formatted(domain, day, host),
        "application/tlsrpt+gzip",
        "%s!%s!%d!%d.json.gz"
            .formatted(host, domain, start().getEpochSecond(), end().getEpochSecond()),
        compressed());
  }
}
