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
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a message is from the domain of its author, and what that domain wants if it is not. */
final class DmarcCheck {
  /** Domains of authors that are looked at. Most mail has one, and hardly any has more than two. */
  private static final int MOST_AUTHORS = 5;

  private static final int MOST_ADDRESSES = 100;

  private final Questions questions;
  private final Set<String> authors = new LinkedHashSet<>();
  private final boolean tooMany;
  private final Map<String, Questions.Answer<TreeWalk>> walks = new HashMap<>();

  /**
   * Reads whom a message is from, and has asked what can be asked already.
   *
   * @param others the domains that the author's may turn out to belong together with
   */
  DmarcCheck(HeaderFields head, List<String> others, Questions questions) {
    this.questions = questions;
    this.tooMany = !readAuthors(head);
    if (!tooMany) {
      for (String author : authors) {
        walk(author);
        others.stream().filter(other -> mayBelongTo(other, author)).forEach(this::walk);
      }
    }
  }

  /** False if there are more of them than are looked at. */
  private boolean readAuthors(HeaderFields head) {
    int addresses = 0;
    for (HeaderField from : head.named("From")) {
      for (EnvelopeAddress address : AddressListParser.parse(from.value(), MOST_ADDRESSES)) {
        addresses++;
        String host = address.host();
        if (host != null) {
          DomainName.of(new String(host.getBytes(ISO_8859_1), UTF_8)).ifPresent(authors::add);
        }
      }
    }
    return authors.size() <= MOST_AUTHORS && addresses < MOST_ADDRESSES;
  }

  /** Names without a common end have no organization in common, and are not asked for. */
  private static boolean mayBelongTo(String name, String author) {
    return !name.equals(author) && DomainName.last(name, 1).equals(DomainName.last(author, 1));
  }

  private Questions.Answer<TreeWalk> walk(String domain) {
    return walks.computeIfAbsent(domain, name -> questions.start(dns -> TreeWalk.from(name, dns)));
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
      // Nobody but who wants to be judged by none of them has so many.
      return new Verdict(Result.PERMERROR, "", Policy.QUARANTINE, Policy.QUARANTINE);
    }
    Verdict strictest = new Verdict(Result.NONE, "", Policy.NONE, Policy.NONE);
    for (String author : authors) {
      Verdict each = judge(author, found, sample);
      if (strictest.author.isEmpty() || weight(each) > weight(strictest)) {
        strictest = each;
      }
    }
    return strictest;
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
      TreeWalk walk = walk(author).get();
      Optional<TreeWalk.Applied> applied = walk.applied();
      if (applied.isEmpty()) {
        return new Verdict(Result.NONE, author, Policy.NONE, Policy.NONE);
      }
      DmarcRecord record = applied.get().record();
      Grounds grounds = grounds(walk, applied.get(), found);
      if (grounds.dkim || grounds.spf) {
        return new Verdict(
            Result.PASS, author, published(author, applied.get()), Policy.NONE, grounds);
      }
      for (String unsure : found.unsure) {
        if (isAligned(walk, unsure, false)) {
          return new Verdict(Result.TEMPERROR, author, Policy.NONE, Policy.NONE, grounds);
        }
      }
      Policy published = published(author, applied.get());
      Policy asked = sample < record.percent() ? published : published.weaker();
      return new Verdict(Result.FAIL, author, published, asked, grounds);
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

  private boolean isAligned(TreeWalk author, String domain, boolean strict) throws DnsException {
    if (domain.equals(author.start())) {
      return true;
    }
    return !strict
        && mayBelongTo(domain, author.start())
        && walk(domain).get().organization().equals(author.organization());
  }

  private Policy published(String author, TreeWalk.Applied applied) throws DnsException {
    DmarcRecord record = applied.record();
    if (applied.own()) {
      return record.policy();
    }
    if (record.absent() == record.below()) {
      return record.below();
    }
    return questions.start(dns -> exists(author, dns)).get() ? record.below() : record.absent();
  }

  private static boolean exists(String name, Dns dns) throws DnsException {
    return !dns.a(name).orElse(List.of()).isEmpty()
        || !dns.aaaa(name).orElse(List.of()).isEmpty()
        || !dns.mx(name).orElse(List.of()).isEmpty();
  }
}
