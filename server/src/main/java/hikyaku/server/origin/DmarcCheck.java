package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.AddressListParser;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.origin.DmarcRecord.Policy;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a message is from the domain of its author, and what that domain wants if it is not. */
final class DmarcCheck {
  /** Domains of authors that are looked at. Most mail has one, and hardly any has more than two. */
  private static final int MOST_AUTHORS = 5;

  private static final int MOST_ADDRESSES = 100;

  /**
   * Of mail whose authors are not all looked at. Nobody but who wants to be judged by none of them
   * has so many, or so much before them.
   */
  private static final Verdict OUT_OF_SIGHT =
      new Verdict(Result.PERMERROR, "", Policy.QUARANTINE, Policy.QUARANTINE);

  private final Questions questions;
  private final Set<String> authors = new LinkedHashSet<>();
  private final boolean tooMany;
  private final boolean complete;
  private final Map<String, Questions.Answer<Known>> known = new HashMap<>();
  private final Map<String, Questions.Answer<TreeWalk>> walks = new HashMap<>();

  /**
   * Reads whom a message is from, and has all asked that may have to be: at its end there may be no
   * time left.
   *
   * @param complete whether this is all of the header, and so all of its authors
   * @param others the domains that the author's may turn out to belong together with
   */
  DmarcCheck(HeaderFields head, boolean complete, List<String> others, Questions questions) {
    this.questions = questions;
    this.complete = complete;
    this.tooMany = !readAuthors(head);
    if (!tooMany) {
      authors.forEach(author -> known.put(author, questions.start(dns -> Known.of(author, dns))));
      others.stream()
          .filter(other -> authors.stream().anyMatch(author -> mayBelongTo(other, author)))
          .forEach(this::walk);
    }
  }

  /**
   * False if there are more of them than are looked at. Those count too whom programs find that
   * divide inside of encoded-words.
   */
  private boolean readAuthors(HeaderFields head) {
    int addresses = 0;
    for (HeaderField from : head.named("From")) {
      List<EnvelopeAddress> named = AddressListParser.parse(from.value(), MOST_ADDRESSES);
      addresses += named.size();
      named.forEach(this::readAuthor);
      AddressListParser.parseLiterally(from.value(), MOST_ADDRESSES).forEach(this::readAuthor);
    }
    return authors.size() <= MOST_AUTHORS && addresses < MOST_ADDRESSES;
  }

  private void readAuthor(EnvelopeAddress address) {
    String host = address.host();
    if (host != null) {
      DomainName.of(new String(host.getBytes(ISO_8859_1), UTF_8)).ifPresent(authors::add);
    }
  }

  /** Names without a common end have no organization in common, and are not asked for. */
  private static boolean mayBelongTo(String name, String author) {
    return !name.equals(author) && DomainName.last(name, 1).equals(DomainName.last(author, 1));
  }

  /** Whether there is such a name; asked only where the policy depends on that. */
  private enum Existence {
    DOES,
    DOES_NOT,
    UNSAID
  }

  /** What DNS says of the domain of an author. */
  private record Known(TreeWalk walk, Existence existence) {
    static Known of(String name, Dns dns) throws DnsException {
      TreeWalk walk = TreeWalk.from(name, dns);
      boolean matters =
          walk.applied()
              .filter(each -> !each.own() && each.record().absent() != each.record().below())
              .isPresent();
      return new Known(walk, matters ? existence(name, dns) : Existence.UNSAID);
    }

    private static Existence existence(String name, Dns dns) {
      try {
        return exists(name, dns) ? Existence.DOES : Existence.DOES_NOT;
      } catch (DnsException e) {
        return Existence.UNSAID;
      }
    }

    private static boolean exists(String name, Dns dns) throws DnsException {
      return !dns.a(name).orElse(List.of()).isEmpty()
          || !dns.aaaa(name).orElse(List.of()).isEmpty()
          || !dns.mx(name).orElse(List.of()).isEmpty();
    }

    /** What the domain asks for; nothing if that depends on what DNS does not say. */
    Optional<Policy> published(TreeWalk.Applied applied) {
      DmarcRecord record = applied.record();
      if (applied.own()) {
        return Optional.of(record.policy());
      }
      return switch (existence) {
        case DOES -> Optional.of(record.below());
        case DOES_NOT -> Optional.of(record.absent());
        case UNSAID ->
            record.absent() == record.below() ? Optional.of(record.below()) : Optional.empty();
      };
    }
  }

  private Questions.Answer<TreeWalk> walk(String other) {
    return walks.computeIfAbsent(other, name -> questions.start(dns -> TreeWalk.from(name, dns)));
  }

  /** RFC 8601 §2.7.1 and RFC 7489 §11.2. */
  enum Result {
    NONE,
    PASS,
    FAIL,
    TEMPERROR,
    PERMERROR
  }

  /**
   * What came of it.
   *
   * @param author whose policy it is; empty if there is none
   * @param published what the domain asks for
   * @param asked the same for this message, which may be spared
   * @param grounds what it was judged by; null if there is no policy, or none was to be had
   */
  record Verdict(
      Result result, String author, Policy published, Policy asked, @Nullable Grounds grounds) {
    Verdict(Result result, String author, Policy published, Policy asked) {
      this(result, author, published, asked, null);
    }
  }

  /**
   * What a message is judged by.
   *
   * @param domain at which the record is
   * @param dkim whether a signature that holds is of the author's domain
   * @param spf whether the client may send for the author's domain
   */
  record Grounds(String domain, DmarcRecord record, boolean dkim, boolean spf) {}

  /**
   * What SPF and DKIM found.
   *
   * @param spf the domain that the client may send for; empty for none
   * @param dkim the domains that signed
   * @param unsure domains of which that could not be found out
   */
  record Identities(Optional<String> spf, List<String> dkim, List<String> unsure) {}

  /**
   * Judges by the strictest of the authors' domains (RFC 7489 §6.6.1).
   *
   * @param sample below which share of all messages this one is, 0 to 99
   */
  Verdict finish(Identities found, int sample) {
    if (tooMany) {
      return OUT_OF_SIGHT;
    }
    Verdict strictest = new Verdict(Result.NONE, "", Policy.NONE, Policy.NONE);
    for (String author : authors) {
      Verdict each = judge(author, found, sample);
      if (strictest.author.isEmpty() || weight(each) > weight(strictest)) {
        strictest = each;
      }
    }
    return complete || weight(strictest) >= weight(OUT_OF_SIGHT) ? strictest : OUT_OF_SIGHT;
  }

  private static int weight(Verdict verdict) {
    return switch (verdict.result) {
      case NONE -> 0;
      case PASS -> 1;
      case TEMPERROR -> 3;
      case FAIL, PERMERROR -> verdict.asked == Policy.NONE ? 2 : 3 + verdict.asked.ordinal();
    };
  }

  private Verdict judge(String author, Identities found, int sample) {
    try {
      Known of = Objects.requireNonNull(known.get(author)).get();
      TreeWalk walk = of.walk;
      Optional<TreeWalk.Applied> applied = walk.applied();
      if (applied.isEmpty()) {
        return new Verdict(Result.NONE, author, Policy.NONE, Policy.NONE);
      }
      DmarcRecord record = applied.get().record();
      Grounds grounds = grounds(walk, applied.get(), found);
      Optional<Policy> published = of.published(applied.get());
      if (grounds.dkim || grounds.spf) {
        return new Verdict(
            Result.PASS, author, published.orElse(record.below()), Policy.NONE, grounds);
      }
      boolean unsure = published.isEmpty();
      for (String domain : found.unsure) {
        unsure |= isAligned(walk, domain, false);
      }
      if (unsure) {
        return new Verdict(Result.TEMPERROR, author, Policy.NONE, Policy.NONE, grounds);
      }
      Policy wanted = published.orElseThrow();
      Policy asked = sample < record.percent() ? wanted : wanted.weaker();
      return new Verdict(Result.FAIL, author, wanted, asked, grounds);
    } catch (DnsException e) {
      return new Verdict(Result.TEMPERROR, author, Policy.NONE, Policy.NONE);
    }
  }

  /** What DNS does not say counts only where nothing else passes. */
  private Grounds grounds(TreeWalk walk, TreeWalk.Applied applied, Identities found)
      throws DnsException {
    DmarcRecord record = applied.record();
    DnsException silent = null;
    boolean dkim = false;
    for (String domain : found.dkim) {
      try {
        dkim |= isAligned(walk, domain, record.strictDkim());
      } catch (DnsException e) {
        silent = e;
      }
    }
    boolean spf = false;
    try {
      spf = found.spf.isPresent() && isAligned(walk, found.spf.get(), record.strictSpf());
    } catch (DnsException e) {
      silent = e;
    }
    if (!dkim && !spf && silent != null) {
      throw silent;
    }
    return new Grounds(applied.domain(), record, dkim, spf);
  }

  /**
   * Whoever is not below the author's organization does not belong to it: that is not asked, as it
   * would be of the DNS of whoever sends the message, who need not answer.
   */
  private boolean isAligned(TreeWalk author, String domain, boolean strict) throws DnsException {
    if (domain.equals(author.start())) {
      return true;
    }
    String organization = author.organization();
    return !strict
        && DomainName.isBelowOrSame(domain, organization)
        && walk(domain).get().organization().equals(organization);
  }
}
