package hikyaku.server.mtasts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OwnPoliciesTest {
  private static final Set<String> OURS = Set.of("a.test", "b.test");

  private static OwnPolicySettings settings(List<String> domains, String... mx) {
    return new OwnPolicySettings(domains, StsPolicy.Mode.TESTING, List.of(mx), Duration.ofDays(1));
  }

  private static OwnPolicies policies(OwnPolicySettings settings) {
    return new OwnPolicies(settings, "MX.a.test", OURS::contains);
  }

  @Test
  void othersReadWhatIsGivenOut() throws Exception {
    String text = policies(settings(List.of("A.test"))).at("mta-sts.a.test").orElseThrow();
    assertThat(StsParser.policy(text.getBytes(UTF_8)))
        .isEqualTo(new StsPolicy(StsPolicy.Mode.TESTING, List.of("mx.a.test"), Duration.ofDays(1)));
  }

  @Test
  void onlyDomainsThatAreOursAndMeantHaveOne() {
    OwnPolicies one = policies(settings(List.of("a.test", "far.test")));
    assertThat(one.at("MTA-STS.A.test")).isPresent();
    assertThat(one.id("a.test")).isPresent();
    for (String host : List.of("mta-sts.b.test", "mta-sts.far.test", "a.test", "mta-sts.")) {
      assertThat(one.at(host)).as(host).isEmpty();
    }
    assertThat(one.id("b.test")).isEmpty();
    OwnPolicies all = policies(settings(List.of("*")));
    assertThat(all.at("mta-sts.b.test")).isPresent();
    assertThat(all.at("mta-sts.far.test")).isEmpty();
    assertThat(policies(OwnPolicySettings.DEFAULTS).at("mta-sts.a.test")).isEmpty();
  }

  @Test
  void anotherPolicyHasAnotherId() {
    String id = policies(settings(List.of("*"))).id("a.test").orElseThrow();
    assertThat(StsParser.id(List.of("v=STSv1; id=" + id))).contains(id);
    assertThat(policies(settings(List.of("a.test"))).id("a.test")).contains(id);
    assertThat(policies(settings(List.of("*"), "mx2.a.test")).id("a.test"))
        .isPresent()
        .isNotEqualTo(Optional.of(id));
  }

  @Test
  void whatOthersWouldNotReadIsRefused() {
    for (String mx : List.of("", "*", "a b", "mx.*.test", "mx.a.test.")) {
      assertThatThrownBy(() -> settings(List.of("*"), mx))
          .as(mx)
          .hasMessageContaining("mta-sts-policy.mx");
    }
    assertThatThrownBy(() ->
            new OwnPolicySettings(List.of(), StsPolicy.Mode.NONE, List.of(), Duration.ofDays(400)))
        .hasMessageContaining("mta-sts-policy.max-age");
  }
}
