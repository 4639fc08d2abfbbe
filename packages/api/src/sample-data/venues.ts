/** The houses of the sample data; none of them stands anywhere. */
import type { SectionPlan } from '../venues/plan.ts';
import { amphitheatreSections, arenaSections } from './arena.ts';
import { cabaretSections, cinemaSections, concertHallSections, thrustSections } from './small-houses.ts';
import { danceTheatreSections, theatreSections } from './theatre.ts';

export interface SampleVenue {
  name: string;
  address: string;
  city: string;
  /** ISO 3166. */
  country: string;
  /** IANA. */
  timeZone: string;
  /** What its tickets are sold in, ISO 4217. */
  currency: string;
  sections: () => SectionPlan[];
}

/** By the names that the sample events call them by. */
export const sampleVenues = {
  lindengrund: {
    name: 'Theater am Lindengrund',
    address: 'Lindengrundgasse 12, 1070 Vienna',
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    currency: 'EUR',
    sections: theatreSections,
  },
  pfauenkeller: {
    name: 'Kabarett Pfauenkeller',
    address: 'Färberstiege 3, 8010 Graz',
    city: 'Graz',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    currency: 'EUR',
    sections: cabaretSections,
  },
  havelbogen: {
    name: 'Havelbogen Arena',
    address: 'Am Havelbogen 1, 13597 Berlin',
    city: 'Berlin',
    country: 'DE',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    sections: arenaSections,
  },
  sevenBridges: {
    name: 'Hall of the Seven Bridges',
    address: 'Sedmimostecká 7, 110 00 Prague',
    city: 'Prague',
    country: 'CZ',
    timeZone: 'Europe/Prague',
    currency: 'CZK',
    sections: concertHallSections,
  },
  petrolejka: {
    name: 'Kino Petrolejka',
    address: 'Lampářská 21, 130 00 Prague',
    city: 'Prague',
    country: 'CZ',
    timeZone: 'Europe/Prague',
    currency: 'CZK',
    sections: cinemaSections,
  },
  gaivota: {
    name: 'Anfiteatro da Gaivota',
    address: 'Escadinhas da Gaivota 40, 1100 Lisbon',
    city: 'Lisbon',
    country: 'PT',
    timeZone: 'Europe/Lisbon',
    currency: 'EUR',
    sections: amphitheatreSections,
  },
  mareBaixa: {
    name: 'Clube Maré Baixa',
    address: 'Cais dos Estivadores 8, 1200 Lisbon',
    city: 'Lisbon',
    country: 'PT',
    timeZone: 'Europe/Lisbon',
    currency: 'EUR',
    sections: () => [{ name: 'Dance Floor', kind: 'standing', capacity: 280 }],
  },
  tanyard: {
    name: 'The Old Tanyard',
    address: '5 Curriers Row, London SE1',
    city: 'London',
    country: 'GB',
    timeZone: 'Europe/London',
    currency: 'GBP',
    sections: thrustSections,
  },
  foundry: {
    name: 'The Type Foundry',
    address: '417 Compositor Street, New York, NY 10011',
    city: 'New York',
    country: 'US',
    timeZone: 'America/New_York',
    currency: 'USD',
    sections: danceTheatreSections,
  },
} satisfies Record<string, SampleVenue>;

export type SampleVenueKey = keyof typeof sampleVenues;
