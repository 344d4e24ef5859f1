// A second mesh, of what the shop lacks: interface objects at the root, unions and interfaces spread over subgraphs, nested and hidden keys,
// @provides, @override, @requires through three subgraphs, entities in lists of nullable lists, enum values that few subgraphs know.
import type { Resolvers, TestSubgraph } from './merged-mesh.ts'

interface Vehicle {
  readonly __typename: 'Bus' | 'Tram'
  readonly id: string
  readonly vin: string
  readonly mass: number
  readonly line: string | null
  readonly state: string
  readonly ownerCode: number | null
  readonly depotId: string | null
  readonly seats: readonly (readonly (string | null)[] | null)[] | null
}
const VEHICLES: readonly Vehicle[] = [
  vehicle('Bus', 'b1', { mass: 10, ownerCode: 1, depotId: 'd1', seats: [['A', null], [], null, ['B', 'C']] }),
  vehicle('Bus', 'b2', { mass: 12, ownerCode: null, depotId: 'd2', seats: null, state: 'PARKED' }),
  vehicle('Tram', 't1', { mass: 30, ownerCode: 7, line: '5' }),
  vehicle('Tram', 't2', { mass: 0, ownerCode: 1, state: 'PARKED' }),
  vehicle('Bus', 'b3', { mass: 7, ownerCode: 7, depotId: 'd1', seats: [['D']] }),
]
function vehicle(__typename: 'Bus' | 'Tram', id: string, rest: Partial<Vehicle>): Vehicle {
  const plain = { line: null, state: 'RUNNING', ownerCode: null, depotId: null, seats: null, mass: 0 }
  return { __typename, id, vin: `vin-${id}`, ...plain, ...rest }
}
const OWNERS = [
  { __typename: 'Owner', country: { iso: 'AT', label: 'Austria' }, code: 1, name: 'Linien', state: 'RUNNING' },
  { __typename: 'Owner', country: { iso: 'DE', label: null }, code: 7, name: 'Bahn', state: 'SOLD' },
]
const DEPOTS = [
  { __typename: 'Depot', id: 'd1', city: 'Graz', name: 'North' },
  { __typename: 'Depot', id: 'd2', city: null, name: 'South' },
]
type Typed = Readonly<Record<string, unknown>> | null
type Id = { readonly id: string }
type OwnerKey = { readonly code: number }
type SeatKey = { readonly place: { readonly busId: string }; readonly letter: string }

const byId = (id: string): Vehicle | null => VEHICLES.find((each) => each.id === id) ?? null
const known = (at: Id): Vehicle | null => byId(at.id)
const ownerBy = (code: number | null): Typed => OWNERS.find((each) => each.code === code) ?? null
const depotBy = (id: string | null): Typed => DEPOTS.find((each) => each.id === id) ?? null
const seat = (busId: string, letter: string): Typed => ({ __typename: 'Seat', place: { busId, deck: 1 }, letter })
const byVin = (vin: string): Vehicle | null => VEHICLES.find((each) => each.vin === vin) ?? null

// One function per field, the same in its subgraph and in the merged schema. Each takes what an entity's key gives.
const owner = (at: Id): Typed => ownerBy(known(at)?.ownerCode ?? null)
const depot = (at: Id): Typed => depotBy(known(at)?.depotId ?? null)
const seats = (at: Id): unknown =>
  known(at)?.seats?.map((row) => row?.map((letter) => (letter === null ? null : seat(at.id, letter))) ?? null) ?? null
const peer = (at: Id): Typed => ({ ...VEHICLES[(VEHICLES.findIndex(({ id }) => id === at.id) + 1) % VEHICLES.length] })
const hits = (): Typed[] => [{ ...byId('b1') }, seat('b1', 'A'), { ...byId('b3') }]
const rating = (at: Id): number | null => (at.id === 't1' ? null : at.id.charCodeAt(1) - 47)
const stars = (at: Id, { max }: { max?: number | null }): string => '*'.repeat(Math.min(rating(at) ?? 0, max ?? 9))
const ownerVehicles = ({ code }: OwnerKey): Typed[] =>
  VEHICLES.filter(({ ownerCode }) => ownerCode === code).map((each) => ({ ...each }))
const nickname = (at: { id?: string; vin?: string }): string => `the ${at.vin ?? ''}`
const fee = ({ place, letter }: SeatKey): number | null =>
  letter === 'B' ? null : place.busId.length + letter.charCodeAt(0)
const strictFee = (at: SeatKey): number => {
  const value = fee(at)
  if (value === null) throw new Error('no fee')
  return value
}
const toll = ({ mass }: { mass?: number | null }): number | null => ((mass ?? 0) > 11 ? null : (mass ?? 0) * 2)
const tax = (bus: { toll?: number | null }): number | null => (typeof bus.toll === 'number' ? bus.toll + 1 : null)
const total = (bus: { toll?: number | null; tax?: number | null }): string => `${bus.toll}+${bus.tax}`
const named = (at: { name?: string }, { lang }: { lang?: string | null }): string =>
  `${at.name}${lang === 'DE' ? ' (de)' : ''}`
const tramName = ({ id }: Id): string => `Tram ${id}`
const echo = (_: unknown, args: Record<string, unknown>): string => JSON.stringify(args)
const isTyped = ({ __typename }: { __typename: string }): string => __typename

const country = (at: OwnerKey): unknown => OWNERS.find(({ code }) => code === at.code)?.country
const vehicleReference = (at: Id): Typed => (byId(at.id) ? { ...byId(at.id) } : null)

export const TRANSIT: readonly TestSubgraph[] = [
  {
    name: 'fleet',
    sdl: `
      type Query { vehicles: [Vehicle]!  vehicle(id: ID! = "b1"): Vehicle  buses(first: Int = 2): [Bus!]  hits: [Hit!]! }
      type Mutation { park(id: ID!): Vehicle  wash(id: ID!): Bus! }
      interface Vehicle @key(fields: "id") { id: ID!  owner: Owner  state: State  peer: Vehicle }
      enum State { RUNNING PARKED }
      union Hit = Bus | Seat
      type Bus implements Vehicle @key(fields: "id") @key(fields: "vin") {
        id: ID!  vin: ID! @inaccessible  owner: Owner  state: State  peer: Vehicle  mass: Int!  seats: [[Seat]]
        depot: Depot @provides(fields: "city")  nickname: String
      }
      type Tram implements Vehicle @key(fields: "id") { id: ID!  owner: Owner  state: State  peer: Vehicle  line: String }
      type Place @shareable { busId: ID!  deck: Int }
      type Seat @key(fields: "place { busId } letter") { place: Place!  letter: String! }
      type Country @shareable { iso: ID!  label: String }
      type Owner @key(fields: "country { iso } code", resolvable: false) { country: Country!  code: Int! }
      type Depot @key(fields: "id") { id: ID!  city: String @external }
    `,
    resolvers: {
      Query: {
        vehicles: () => [...VEHICLES, null],
        vehicle: (_: unknown, { id }: Id) => byId(id),
        buses: (_: unknown, { first }: { first?: number | null }) =>
          VEHICLES.filter((v) => v.__typename === 'Bus').slice(0, first ?? 9),
        hits,
      },
      Mutation: {
        park: (_: unknown, { id }: Id) => byId(id),
        wash: (_: unknown, { id }: Id) => (byId(id)?.__typename === 'Bus' ? byId(id) : null),
      },
      Vehicle: { __resolveReference: vehicleReference, __resolveType: isTyped },
      Hit: { __resolveType: isTyped },
      Bus: {
        __resolveReference: (at: { id?: string; vin?: string }) =>
          at.id === undefined ? byVin(at.vin ?? '') : byId(at.id),
        owner,
        depot,
        seats,
        peer,
        nickname: () => 'overridden',
      },
      Tram: { __resolveReference: vehicleReference, owner, peer },
      Seat: { __resolveReference: ({ place, letter }: SeatKey) => seat(place.busId, letter) },
      Depot: { __resolveReference: (at: Id) => at },
    },
  },
  {
    name: 'registry',
    sdl: `
      type Query { owners: [Owner!]!  named: [Named]  found: [Hit]  depots: [Depot!] }
      type Mutation { sell(code: Int!): Owner }
      interface Named { name(lang: Lang = EN): String! }
      enum Lang { EN DE }
      enum State { RUNNING SOLD }
      union Hit = Owner | Depot
      type Country @shareable { iso: ID!  label: String }
      type Owner implements Named @key(fields: "country { iso } code") {
        country: Country!  code: Int!  name(lang: Lang = EN): String!  state: State
      }
      type Depot implements Named @key(fields: "id") { id: ID!  city: String @shareable  name(lang: Lang = EN): String! }
    `,
    resolvers: {
      Query: {
        owners: () => OWNERS,
        named: () => [OWNERS[1], null, DEPOTS[0]],
        found: () => [DEPOTS[1], OWNERS[0], null],
        depots: () => DEPOTS,
      },
      Mutation: { sell: (_: unknown, { code }: OwnerKey) => ownerBy(code) },
      Named: { __resolveType: isTyped },
      Hit: { __resolveType: isTyped },
      Owner: { __resolveReference: ({ code }: OwnerKey) => ownerBy(code), name: named },
      Depot: { __resolveReference: ({ id }: Id) => depotBy(id), name: named },
    },
  },
  {
    name: 'ratings',
    sdl: `
      type Query { topRated(first: Int = 3): [Vehicle!]!  best: Vehicle  echo(input: Wish, flags: [[Boolean!]] = [[true]], limit: Float = 1): String }
      input Wish { text: String = "none"  at: [Int]  deeper: Wish }
      type Vehicle @key(fields: "id") @interfaceObject { id: ID!  rating: Int  stars(max: Int): String! }
      type Country @shareable { iso: ID!  label: String }
      type Owner @key(fields: "country { iso } code") { country: Country!  code: Int!  vehicles: [Vehicle!]!  favourite: Vehicle }
    `,
    resolvers: {
      Query: {
        topRated: (_: unknown, { first }: { first?: number | null }) =>
          VEHICLES.slice(0, first ?? 9).map(({ id }) => ({ id })),
        best: () => ({ id: 'b3' }),
        echo,
      },
      Vehicle: { __resolveReference: (at: Id) => at, rating, stars },
      Owner: {
        __resolveReference: (at: OwnerKey) => at,
        country,
        vehicles: (at: OwnerKey) => ownerVehicles(at).map((each) => ({ id: each?.['id'] })),
        favourite: (at: OwnerKey) => (at.code === 1 ? null : { id: 't1' }),
      },
    },
  },
  {
    name: 'tolls',
    sdl: `
      type Bus @key(fields: "id") { id: ID!  mass: Int! @external  toll: Int @requires(fields: "mass") }
      type Place @shareable { busId: ID! }
      type Seat @key(fields: "place { busId } letter") { place: Place!  letter: String!  fee: Int  strictFee: Int! }
    `,
    resolvers: {
      Bus: { __resolveReference: (at: unknown) => at, toll },
      Seat: { __resolveReference: (at: unknown) => at, fee, strictFee },
    },
  },
  {
    name: 'plates',
    sdl: `type Bus @key(fields: "vin") { vin: ID! @inaccessible  nickname: String @override(from: "fleet") }`,
    resolvers: { Bus: { __resolveReference: (at: unknown) => at, nickname } },
  },
  {
    name: 'taxes',
    sdl: `type Bus @key(fields: "id") { id: ID!  toll: Int @external  tax: Int @requires(fields: "toll") }`,
    resolvers: { Bus: { __resolveReference: (at: unknown) => at, tax } },
  },
  {
    name: 'totals',
    sdl: `
      interface Named { name(lang: Lang = EN): String! }
      enum Lang { EN DE }
      type Bus @key(fields: "id") { id: ID!  toll: Int @external  tax: Int @external  total: String! @requires(fields: "tax toll") }
      type Tram implements Named @key(fields: "id") { id: ID!  name(lang: Lang = EN): String! }
    `,
    resolvers: {
      Bus: { __resolveReference: (at: unknown) => at, total },
      Tram: { __resolveReference: (at: unknown) => at, name: tramName },
    },
  },
]

export const TRANSIT_SDL = `
  type Query {
    vehicles: [Vehicle]!  vehicle(id: ID! = "b1"): Vehicle  buses(first: Int = 2): [Bus!]  hits: [Hit!]!
    owners: [Owner!]!  named: [Named]  found: [Hit]  depots: [Depot!]
    topRated(first: Int = 3): [Vehicle!]!  best: Vehicle  echo(input: Wish, flags: [[Boolean!]] = [[true]], limit: Float = 1): String
  }
  type Mutation { park(id: ID!): Vehicle  wash(id: ID!): Bus!  sell(code: Int!): Owner }
  input Wish { text: String = "none"  at: [Int]  deeper: Wish }
  interface Vehicle { id: ID!  owner: Owner  state: State  peer: Vehicle  rating: Int  stars(max: Int): String! }
  interface Named { name(lang: Lang = EN): String! }
  enum Lang { EN DE }
  enum State { RUNNING PARKED SOLD }
  union Hit = Bus | Seat | Owner | Depot
  type Bus implements Vehicle {
    id: ID!  owner: Owner  state: State  peer: Vehicle  rating: Int  stars(max: Int): String!
    mass: Int!  seats: [[Seat]]  depot: Depot  nickname: String  toll: Int  tax: Int  total: String!
  }
  type Tram implements Vehicle & Named {
    id: ID!  owner: Owner  state: State  peer: Vehicle  rating: Int  stars(max: Int): String!  line: String  name(lang: Lang = EN): String!
  }
  type Place { busId: ID!  deck: Int }
  type Seat { place: Place!  letter: String!  fee: Int  strictFee: Int! }
  type Country { iso: ID!  label: String }
  type Owner implements Named {
    country: Country!  code: Int!  name(lang: Lang = EN): String!  state: State  vehicles: [Vehicle!]!  favourite: Vehicle
  }
  type Depot implements Named { id: ID!  city: String  name(lang: Lang = EN): String! }
`

const [fleet, registry] = TRANSIT
const busTax = (bus: Vehicle): number | null => tax({ toll: toll(bus) })
export const TRANSIT_RESOLVERS: Resolvers = {
  Query: {
    ...fleet?.resolvers['Query'],
    ...registry?.resolvers['Query'],
    topRated: (_: unknown, { first }: { first?: number | null }) => VEHICLES.slice(0, first ?? 9),
    best: () => byId('b3'),
    echo,
  },
  Mutation: { ...fleet?.resolvers['Mutation'], ...registry?.resolvers['Mutation'] },
  Vehicle: { __resolveType: isTyped },
  Named: { __resolveType: isTyped },
  Hit: { __resolveType: isTyped },
  Bus: {
    owner,
    depot,
    seats,
    peer,
    rating,
    stars,
    nickname,
    toll,
    tax: busTax,
    total: (bus: Vehicle) => total({ toll: toll(bus), tax: busTax(bus) }),
  },
  Tram: { owner, peer, rating, stars, name: tramName },
  Seat: { fee, strictFee },
  Owner: {
    country,
    name: named,
    vehicles: ownerVehicles,
    favourite: (at: OwnerKey) => (at.code === 1 ? null : byId('t1')),
  },
  Depot: { name: named },
}
