package hikyaku.server.ops;

import hikyaku.server.mtasts.StsException;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.mtasts.StsPolicy;
import hikyaku.server.smtpclient.Survey;
import hikyaku.server.smtpclient.TlsPolicy;
import java.util.List;
import java.util.function.Function;

/** Over what TLS mail goes to a domain. */
public final class TlsOperations implements AdminApi.Group {
  private final Function<String, Known> known;

  /**
   * @param known looks anew at what there is for a domain
   */
  public TlsOperations(Function<String, Known> known) {
    this.known = known;
  }

  /**
   * What there is for a domain.
   *
   * @param route where its mail goes, for people
   * @param sts its policy
   */
  public record Known(String route, StsPolicies.Found sts, Survey survey) {}

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "queue-tls/*", this::show);
  }

  private AdminResponse show(AdminRequest request) {
    Known found = known.apply(request.part(1));
    return AdminResponse.ok(View.of(found));
  }

  /**
   * @param mode of the domain's policy: none, testing, enforce, or empty if it has none
   * @param id as DNS has it
   * @param mx what the policy names
   * @param expires in ISO 8601, or empty
   * @param trouble why the policy, or a newer one, could not be had
   */
  public record View(
      String route,
      String mode,
      String id,
      List<String> mx,
      String expires,
      String trouble,
      List<Server> servers) {
    static View of(Known known) {
      StsPolicies.Found sts = known.sts();
      return new View(
          known.route(),
          sts.policy().map(policy -> policy.mode().word()).orElse(""),
          sts.id(),
          sts.policy().map(StsPolicy::mx).orElse(List.of()),
          sts.policy().isPresent() ? sts.expires().toString() : "",
          sts.trouble().map(StsException::getMessage).orElse(""),
          known.survey().servers().stream().map(Server::of).toList());
    }
  }

  /**
   * @param policy by what TLS is demanded, as in reports: no-policy-found, sts, tlsa or relay
   * @param refused why nothing is sent there, or empty
   */
  public record Server(
      String name, String address, String tls, String policy, List<String> lines, String refused) {
    static Server of(Survey.Server server) {
      TlsPolicy policy = server.policy();
      return new Server(
          server.name(),
          server.address(),
          server.tls(),
          policy == null ? "" : policy.kind().word(),
          policy == null ? List.of() : policy.lines(),
          server.refused());
    }
  }
}
